#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/data.hpp"

namespace gemel::ingest {

/// What --columns says: fields in their order, such as "user,item,-,timestamp,device", or names, such as
/// "user=userId,item=movieId,time=ts,weight=plays". Throws UsageError that says what is wrong and what is allowed.
ColumnsGiven parse_columns(std::string_view text);
/// The same of fields in their order.
PairColumns parse_pair_columns(std::string_view text);
/// What parse_columns() would take.
std::string describe(const ColumnsGiven& columns);

/// A field of a line, by itself.
struct CutField {
  std::string text;
  std::int64_t column = 1;  ///< where in the line it begins, in bytes from 1
};

/// A line of fields, by itself.
struct CutLine {
  std::int64_t number = 0;  ///< in the file; 1 is the first
  std::vector<CutField> fields;
};

/// Whether a field is a usual name of the ids of users, or of items, such as "movieId", "reviewerID" or RecBole's "user_id:token".
bool is_name_of(PairColumn column, std::string_view field);

/// Which of the names of a heading is that of the ids of users, or of items; less usual ones, such as "title", only where there is no other.
std::optional<std::size_t> find_column(PairColumn column, const std::vector<std::string>& names);

/// Whether a line is a heading: a user and an item are among the names.
bool is_heading(const CutLine& line);

/// What a heading says its columns are, in any order; columns with other names than the usual ones, or those that are `named`, are others.
/// Throws DataError if two columns have the same meaning, or if the heading lacks a name.
PairColumns columns_of_heading(const CutLine& line, const std::vector<NamedColumn>& named,
                               const std::filesystem::path& path);

/// "release_year" of RecBole's "release_year:float".
std::string without_type(std::string_view name);

/// The columns of lines of 2 to 4 fields of which nothing is said: user and item, then a rating or, if the numbers say so, a
/// timestamp, then a timestamp. `lines` are the first ones of the file, all with the same number of fields, at least one. Throws
/// DataError where the numbers of the third or fourth field could be either; the message says what would settle it.
PairColumns guess_columns(const std::vector<CutLine>& lines, const std::filesystem::path& path);

/// Whether a number is of the size of a rating: at most 1e5.
bool is_like_rating(double number);
/// Whether it may be a time in seconds from 1973 on: whole, and at least 1e8.
bool is_like_timestamp(double number);

/// The whole of `text` as a finite decimal number, if it is one.
std::optional<double> parse_decimal(std::string_view text);

}  // namespace gemel::ingest
