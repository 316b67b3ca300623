#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gemel/error.hpp"
#include "gemel/gemel.h"
#include "gemel/model.hpp"

/// What a program in C has of a model.
struct gemel_model {
  gemel::Model model;
};

namespace gemel::library {
namespace {

struct LastError {
  std::string message;
  ExitCode code = ExitCode::success;
};

LastError& last_error() {
  thread_local LastError error;
  return error;
}

void keep_error(ExitCode code, const char* message) noexcept {
  last_error().code = code;
  try {
    last_error().message = message;
  } catch (...) {
    last_error().message.clear();  // there is no memory for it; the code tells
  }
}

/// What the action returns, or `failed`, with the error kept for the thread to ask for.
template <class Result, class Action>
Result answer(Result failed, const Action& action) noexcept {
  try {
    return action();
  } catch (const Error& error) {
    keep_error(error.code(), error.what());
  } catch (const std::exception& error) {
    keep_error(ExitCode::internal, error.what());
  } catch (...) {
    keep_error(ExitCode::internal, "unknown error");
  }
  return failed;
}

template <class T>
T& given(T* argument, const char* name) {
  if (argument == nullptr) throw UsageError(std::string(name) + " is NULL");
  return *argument;
}

std::vector<std::string> texts(const char* const* values, std::size_t count, const char* name) {
  std::vector<std::string> all;
  if (count > 0) given(values, name);
  for (std::size_t i = 0; i < count; ++i) all.emplace_back(&given(values[i], name));
  return all;
}

std::vector<NamedValue> query_of(const char* const* names, const char* const* values, std::size_t count) {
  std::vector<std::string> all_names = texts(names, count, "names");
  std::vector<std::string> all_values = texts(values, count, "values");
  std::vector<NamedValue> query;
  for (std::size_t i = 0; i < count; ++i)
    query.push_back({std::move(all_names[i]), std::move(all_values[i])});
  return query;
}

RankingOptions options_of(const gemel_ranking* ranking) {
  RankingOptions options;
  if (ranking == nullptr) return options;
  if (ranking->allow != nullptr) options.allow = texts(ranking->allow, ranking->allow_size, "allow");
  options.leave_out = texts(ranking->leave_out, ranking->leave_out_size, "leave_out");
  options.keep_seen = ranking->keep_seen != 0;
  return options;
}

/// A list that owns what it points to.
struct OwningList : gemel_list {
  explicit OwningList(Recommendations answer) : gemel_list(), recommendations(std::move(answer)) {
    for (const ScoredItem& item : recommendations.items)
      in_c.push_back({item.id.c_str(), item.label.c_str(), item.row, item.score});
    for (const std::string& column : recommendations.unknown) unknown_in_c.push_back(column.c_str());
    size = in_c.size();
    items = in_c.data();
    unknown_size = unknown_in_c.size();
    unknown = unknown_in_c.data();
  }

  Recommendations recommendations;
  std::vector<gemel_item> in_c;
  std::vector<const char*> unknown_in_c;
};

Measure measure_of(int measure) {
  if (measure == GEMEL_COSINE) return Measure::cosine;
  if (measure == GEMEL_DOT) return Measure::dot;
  throw UsageError("measure " + std::to_string(measure) + ": give GEMEL_COSINE or GEMEL_DOT");
}

}  // namespace
}  // namespace gemel::library

using namespace gemel::library;  // for the functions below, which belong to no namespace

gemel_model* gemel_open(const char* path, int threads) {
  return answer<gemel_model*>(
      nullptr, [&] { return new gemel_model{gemel::Model::open(&given(path, "path"), threads)}; });
}

void gemel_close(gemel_model* model) {
  delete model;
}

gemel_list* gemel_recommend(const gemel_model* model, const char* const* names, const char* const* values,
                            size_t count, size_t k, const gemel_ranking* ranking) {
  return answer<gemel_list*>(nullptr, [&] {
    return new OwningList(
        given(model, "model").model.recommend(query_of(names, values, count), k, options_of(ranking)));
  });
}

gemel_list* gemel_similar(const gemel_model* model, const char* id_or_label, size_t k, int measure) {
  return answer<gemel_list*>(nullptr, [&] {
    return new OwningList(
        {given(model, "model").model.similar(&given(id_or_label, "id_or_label"), k, measure_of(measure)),
         {}});
  });
}

void gemel_free_list(gemel_list* list) {
  delete static_cast<OwningList*>(list);
}

int64_t gemel_items(const gemel_model* model) {
  return answer<int64_t>(-1, [&] { return given(model, "model").model.items(); });
}

int64_t gemel_dim(const gemel_model* model) {
  return answer<int64_t>(-1, [&] { return static_cast<int64_t>(given(model, "model").model.dim()); });
}

int gemel_query_vector(const gemel_model* model, const char* const* names, const char* const* values,
                       size_t count, float* vector) {
  return answer(-1, [&] {
    std::ranges::copy(given(model, "model").model.query_vector(query_of(names, values, count)),
                      &given(vector, "vector"));
    return 0;
  });
}

int gemel_item_vector(const gemel_model* model, const char* id, float* vector) {
  return answer(-1, [&] {
    std::ranges::copy(given(model, "model").model.item_vector(&given(id, "id")), &given(vector, "vector"));
    return 0;
  });
}

const char* gemel_last_error(void) {
  return last_error().message.c_str();
}

int gemel_last_error_code(void) {
  return static_cast<int>(last_error().code);
}
