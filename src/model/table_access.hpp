#pragma once

#include <vector>

#include "exchange/placement.hpp"
#include "model/tower.hpp"
#include "model/two_tower.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// The tables of a tower, or of a model, in its order, as exchanges know them.
std::vector<exchange::RowTable> row_tables(const Tower& tower);
std::vector<exchange::RowTable> row_tables(const TwoTower& model);

/// [table]: the rows of it that this rank holds.
std::vector<tensor::ConstMatrixView> held_rows(const Tower& tower);
std::vector<tensor::ConstMatrixView> held_rows(const TwoTower& model);

}  // namespace gemel::model
