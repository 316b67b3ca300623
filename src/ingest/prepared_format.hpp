#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "checkpoint/checkpoint_format.hpp"
#include "ingest/part.hpp"
#include "ingest/part_overlap.hpp"

namespace gemel::ingest {

/// Prepared data is a data set in one HDF5 file, ready to be read by any number of ranks. It is a container as a checkpoint is one
/// (checkpoint/checkpoint_format.hpp), with
///
///   /                         made_by = the command that prepared it
///   /data                     attributes: name, interactions, content_hash, weight_column, users_come_back, own_names (JSON)
///   /interactions/<part>/     <part> is "all", or where the data comes split "train", "validation" and "test"
///     item                    int32 [N], rows of /items
///     part                    uint8 [N], 0 train, 1 validation, 2 test; where it was split
///     column/<name>           int64 or float64 [N]; of text int32 [N], rows of the vocabulary
///   /vocabulary/<name>/       of each column of text
///     text                    [V], by (XXH3-64 hash, string)
///     count                   int64 [V], how many interactions have it
///   /items/column/<name>      int64, float64 or text [I]: item_id, title, ...
///   /items/count              int64 [I], interactions of each
///   /split                    attributes: kind, test_fraction, ...; where it was split
///     trained_pairs           uint64, and trained_interactions: a sample of the training examples, as in checkpoints
///   /split/<part>             attributes: users, users_in_training, ..., what validation and test have in common with training
///
/// In names of columns, "/" stands as "%2F" and "%" as "%25". The same whatever the number of ranks that write it.

/// The name of such a file in a directory that has one.
inline constexpr const char* prepared_name = "data.h5";

/// What messages say of such files.
const checkpoint::FileKind& prepared_kind();

/// "/vocabulary/user_id/text".
std::string vocabulary_path(const std::string& column, std::string_view what);
/// "/items/column/title".
std::string item_column_path(const std::string& column);
/// "/interactions/all".
std::string part_path(std::string_view part);
/// "/interactions/all/column/user_id".
std::string column_path(std::string_view part, const std::string& column);
/// The name of the column that a dataset has below a group "…/column".
std::string column_of_path(std::string_view path);

/// "/split/test".
std::string overlap_path(Part part);
/// Of what things overlaps are.
inline constexpr std::array<std::pair<const char*, Overlap PartOverlap::*>, 3> overlap_members = {
    {{"users", &PartOverlap::users}, {"items", &PartOverlap::items}, {"pairs", &PartOverlap::pairs}}};

}  // namespace gemel::ingest
