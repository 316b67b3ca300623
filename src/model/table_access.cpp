#include "model/table_access.hpp"

namespace gemel::model {
namespace {

void append(const Tower& tower, std::vector<exchange::RowTable>& tables) {
  for (const EmbeddingTable& table : tower.tables()) tables.push_back({table.blocks(), table.dim()});
}

void append(const Tower& tower, std::vector<tensor::ConstMatrixView>& held) {
  for (const EmbeddingTable& table : tower.tables()) held.push_back(table.weights().view());
}

template <class Result>
Result of_both(const TwoTower& model) {
  Result result;
  append(model.query(), result);
  append(model.candidate(), result);
  return result;
}

}  // namespace

std::vector<exchange::RowTable> row_tables(const Tower& tower) {
  std::vector<exchange::RowTable> tables;
  append(tower, tables);
  return tables;
}

std::vector<exchange::RowTable> row_tables(const TwoTower& model) {
  return of_both<std::vector<exchange::RowTable>>(model);
}

std::vector<tensor::ConstMatrixView> held_rows(const Tower& tower) {
  std::vector<tensor::ConstMatrixView> held;
  append(tower, held);
  return held;
}

std::vector<tensor::ConstMatrixView> held_rows(const TwoTower& model) {
  return of_both<std::vector<tensor::ConstMatrixView>>(model);
}

}  // namespace gemel::model
