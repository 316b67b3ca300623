// Asks an opened model as a C++ program would: prints lists for ask.py to check, and checks what is refused. Files go to DIRECTORY.
//   ask_cpp CHECKPOINT USER TIMESTAMP DIRECTORY
#include <gemel/checkpoint.hpp>
#include <gemel/error.hpp>
#include <gemel/export_model.hpp>
#include <gemel/model.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

bool is_right = true;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  is_right = false;
}

bool has(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

template <class Kind>
void refuses(const char* words, const std::function<void()>& action) {
  try {
    action();
  } catch (const Kind& error) {
    expect(has(error.what(), words), error.what());
    return;
  } catch (const std::exception& error) {
    expect(false, error.what());
    return;
  }
  expect(false, words);
}

void print(const char* name, const std::vector<gemel::ScoredItem>& items) {
  for (std::size_t i = 0; i < items.size(); ++i)
    std::printf("%s,%zu,%s,%.9g\n", name, i + 1, items[i].id.c_str(), items[i].score);
}

bool are_alike(const gemel::Recommendations& one, const gemel::Recommendations& other) {
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (one[i].row != other[i].row || one[i].score != other[i].score) return false;
  return true;
}

void ask_from_threads(const gemel::Model& model, const std::vector<gemel::NamedValue>& query) {
  const gemel::Recommendations expected = model.recommend(query, 20);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += are_alike(model.recommend(query, 20), expected) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) expect(count == 0, "threads get the same answers");
}

void try_files(const std::string& checkpoint, const std::string& directory) {
  gemel::verify(checkpoint);
  expect(has(gemel::inspect(checkpoint), "\"vocabulary_head\""), "what is in a checkpoint");
  expect(has(gemel::diff(checkpoint, checkpoint), "\"equal\": true"), "a checkpoint is equal to itself");
  const auto files = gemel::export_model(checkpoint, {.directory = directory, .items_only = true});
  expect(files.size() == 3 && files[0].bytes > 0, "files of items");
  const auto one = gemel::export_model(
      checkpoint, {.directory = directory, .formats = {gemel::ExportFormat::hdf5}, .items_only = true});
  expect(one.size() == 1 && one[0].bytes < files[0].bytes + 100000,
         "a file of HDF5 as long as what is in it");
  refuses<gemel::OutputError>("exists already", [&] {
    gemel::export_model(checkpoint, {.directory = directory, .items_only = true});
  });
  refuses<gemel::CheckpointError>("nowhere", [] { gemel::verify("nowhere"); });
  refuses<gemel::CheckpointError>("nowhere", [] { gemel::inspect("nowhere"); });
  refuses<gemel::CheckpointError>("nowhere", [&] { gemel::diff(checkpoint, "nowhere"); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::vector<gemel::NamedValue> query = {{"user_id", argv[2]}, {"timestamp", argv[3]}};
  const auto model = gemel::Model::open(argv[1]);
  const auto catalogue = static_cast<std::size_t>(model.items());

  print("best", model.recommend(query, 10).items);
  print("all", model.recommend(query, catalogue + 5, {.keep_seen = true}).items);
  print("some", model
                    .recommend(query, 10,
                               {.allow = {{model.id(3), model.id(5), "none such", model.id(7)}},
                                .leave_out = {model.id(5)},
                                .keep_seen = true})
                    .items);
  print("similar", model.similar(model.id(2), 10));
  print("dot", model.similar(model.id(2), catalogue, gemel::Measure::dot));
  expect(model.recommend(query, 3, {.allow = std::vector<std::string>()}).empty(),
         "nothing allowed, nothing there");
  expect(model.recommend(query, 3).unknown.empty(), "the user is known");
  expect(model.recommend({{"user_id", "nobody"}, {"timestamp", argv[3]}}, 3).unknown ==
             std::vector<std::string>{"user_id"},
         "an unknown user is answered and marked");
  expect(
      model.query_vector(query).size() == model.dim() && model.item_vector(model.id(0)).size() == model.dim(),
      "vectors of the model's width");
  expect(model.knows_seen(), "the checkpoint has histories");
  ask_from_threads(model, query);
  ask_from_threads(gemel::Model::open(argv[1], 2), query);

  using gemel::CheckpointError;
  using gemel::DataError;
  using gemel::UsageError;
  refuses<UsageError>("k = 0", [&] { model.recommend(query, 0); });
  refuses<UsageError>("user_id=TEXT", [&] { model.recommend({query[1]}, 3); });
  refuses<UsageError>("no such feature", [&] { model.recommend({{"usr_id", argv[2]}, query[1]}, 3); });
  refuses<UsageError>("holds numbers", [&] { model.recommend({query[0], {"timestamp", "noon"}}, 3); });
  refuses<UsageError>("once", [&] { model.recommend({query[0], query[0], query[1]}, 3); });
  refuses<DataError>("none such", [&] { model.similar("none such", 3); });
  refuses<DataError>("none such", [&] { model.item_vector("none such"); });
  refuses<UsageError>("row", [&] { model.id(model.items()); });
  refuses<CheckpointError>("nowhere", [] { gemel::Model::open("nowhere"); });
  refuses<UsageError>("threads", [&] { gemel::Model::open(argv[1], 0); });
  try_files(argv[1], argv[4]);
  return is_right ? 0 : 1;
}
