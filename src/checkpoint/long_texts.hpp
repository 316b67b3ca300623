#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::checkpoint {

/// Texts are rows of one width, which HDF5's tools show and which ranks can write together. So that a single long text does not make all
/// rows as wide, rows may be narrower than it: then the dataset at <path> has the beginning of each text, and two more have
///
///   <path>_rest      [pieces] what the rows have no room for, in pieces, by row and then in their order
///   <path>_rest_row  [pieces] the row that each of them belongs to
///
/// Texts are cut between characters of UTF-8.
inline std::string rest_path(const std::string& path) {
  return path + "_rest";
}
inline std::string rest_row_path(const std::string& path) {
  return path + "_rest_row";
}

/// The width of the rows, in bytes, of a dataset of `rows` texts, of which this rank has `own`: that of the longest where that is at most
/// 256 or takes at most twice the bytes of all texts; else the greatest that keeps within these, as near as that can be. Collective.
std::size_t text_width(std::span<const std::string> own, std::size_t rows, mpi::Communicator& communicator);

/// Texts cut to a width.
struct CutTexts {
  std::vector<std::string> beginnings;
  std::vector<std::string> rest;
  std::vector<std::int64_t> rest_rows;
};

/// `first` is the row of texts[0].
CutTexts cut_texts(std::span<const std::string> texts, std::int64_t first, std::size_t width);

}  // namespace gemel::checkpoint
