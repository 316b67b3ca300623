#include "ingest/item_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/agreement.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ItemTableTest : public testing::Test {
 protected:
  ItemTable read(const std::string& content, const std::vector<std::string>& names = {}) {
    if (world_.is_root()) std::ofstream(path_, std::ios::binary) << content;
    world_.barrier();
    return read_item_table(path_, names, id_name_, bad_lines_, world_);
  }
  std::string refusal(const std::string& content, const std::vector<std::string>& names = {}) {
    const Failure failure = failure_of([&] { read(content, names); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    return failure.message;
  }
  std::vector<std::string> texts(const ItemTable& table, const char* name) {
    return table.columns.strings.at(name).rows().texts();
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "items";
  std::string id_name_ = "item_id";
  BadLines bad_lines_ = BadLines::fail;
};

TEST_F(ItemTableTest, TakesIdAndTitleByTheirUsualNames) {
  const ItemTable table =
      read("asin,Product_Title,price,stock,code\nB1,\"Hello, \"\"World\"\"\",1.5,3,007\nB2,Amélie,2,-4,8\n");
  EXPECT_EQ(table.columns.rows, 2U);
  EXPECT_THAT(texts(table, "item_id"), ElementsAre("B1", "B2"));
  EXPECT_THAT(texts(table, "title"), ElementsAre("Hello, \"World\"", "Amélie"));
  EXPECT_THAT(table.columns.decimals.at("price"), ElementsAre(1.5, 2.0));
  EXPECT_THAT(texts(table, "code"), ElementsAre("007", "8")) << "so is what would lose its zeros";
  EXPECT_THAT(table.columns.numbers.at("stock"), ElementsAre(3, -4));
}

TEST_F(ItemTableTest, TakesTitlesForIdsWhereThereIsNothingElse) {
  EXPECT_THAT(texts(read("title,year,movieId\nHeat,1995,7\n"), "item_id"), ElementsAre("7"));
  EXPECT_THAT(texts(read("Title,year\nHeat,1995\n"), "item_id"), ElementsAre("Heat"));
}

TEST_F(ItemTableTest, TakesNamesThatAreGiven) {
  const ItemTable table =
      read("1::Toy Story (1995)::Animation|Comedy\n2::Caf\xe9::Drama\n", {"item_id", "title", "genres"});
  EXPECT_THAT(texts(table, "item_id"), ElementsAre("1", "2")) << "ids are texts";
  EXPECT_THAT(texts(table, "title"), ElementsAre("Toy Story (1995)", "Café"));
  EXPECT_THAT(texts(table, "genres"), ElementsAre("Animation|Comedy", "Drama"));
}

TEST_F(ItemTableTest, TakesTypesOfRecBoleAway) {
  const ItemTable table = read("item_id:token\tmovie_title:token_seq\trelease_year:float\n7\tHeat\t1995\n");
  EXPECT_THAT(texts(table, "title"), ElementsAre("Heat"));
  EXPECT_THAT(table.columns.numbers.at("release_year"), ElementsAre(1995));
}

TEST_F(ItemTableTest, ReadsJsonLines) {
  const ItemTable table = read(
      R"({"asin":"B1","title":"Soap, \"new\"","price":1.5,"categories":["x","y"],"details":{"a":"b"},"images":[{"c":1}]})"
      "\n"
      R"({"title":"Comb","asin":"B2","price":2,"brand":"b"})"
      "\n");
  EXPECT_THAT(texts(table, "item_id"), ElementsAre("B1", "B2"));
  EXPECT_THAT(texts(table, "title"), ElementsAre("Soap, \"new\"", "Comb"));
  EXPECT_THAT(table.columns.decimals.at("price"), ElementsAre(1.5, 2.0));
  EXPECT_THAT(texts(table, "categories"), ElementsAre("x|y", ""));
  EXPECT_THAT(texts(table, "brand"), ElementsAre("", "b"));
  EXPECT_THAT(texts(table, "images"), ElementsAre("", "")) << "what is nested is left out";
  EXPECT_FALSE(table.columns.has("details"));
  EXPECT_FALSE(table.columns.has("details.a"));
  EXPECT_THAT(refusal(R"({"asin":"B1"})"
                      "\n{\"asin\":\n"),
              HasSubstr("items:2:"));
  EXPECT_THAT(refusal("{\"name\":\"Heat\"}\n"), HasSubstr("names no column of item ids"));
  EXPECT_THAT(refusal("{}\n"), HasSubstr("line 1: expected a JSON object in one line"));
}

TEST_F(ItemTableTest, IdsAreWhereTheInteractionsSay) {
  const std::string books = "isbn,book_id,sku\n0,7,s\n";
  EXPECT_THAT(texts(read(books), "item_id"), ElementsAre("0")) << "the first usual name";
  id_name_ = "book_id";
  EXPECT_THAT(texts(read(books), "item_id"), ElementsAre("7"));
  id_name_ = "sku";
  EXPECT_THAT(texts(read(books), "item_id"), ElementsAre("s"));
}

TEST_F(ItemTableTest, FieldsInQuotesMayHaveLineEnds) {
  const ItemTable table = read("id,item_id,title\n1,a,\"Two\r\n \"\"lines\"\"\"\n2,b,One\n3,c,\"x\n\ny\"\n");
  EXPECT_THAT(texts(table, "title"), ElementsAre("Two  \"lines\"", "One", "x  y"));
  EXPECT_THAT(refusal("item_id,title\na,\"b\nc\",d\ne\n"),
              AllOf(HasSubstr("items:2:3: '\"b': expected a closing double quote\n"),
                    HasSubstr("items:4:1: 'e': expected 2 fields")));
}

TEST_F(ItemTableTest, SkipsBadLinesWhereThatIsAsked) {
  bad_lines_ = BadLines::skip;
  const ItemTable table =
      read("item_id,title\na,A\n" + std::string(4097, 'x') + ",X\nb\na,again\nc,\"C\nd,D\n");
  EXPECT_THAT(texts(table, "item_id"), ElementsAre("a", "d"));
  EXPECT_THAT(refusal("item_id,title\na\n"), HasSubstr("there are no items below the first line"));
}

TEST_F(ItemTableTest, RefusesLinesThatCannotBe) {
  EXPECT_THAT(refusal("movieId,title\n1,Heat\n2,Seven,x\n"),
              HasSubstr("items:3:1: '2,Seven,x': expected 2 fields (item_id, title), not 3"));
  EXPECT_THAT(refusal("movieId,title\n1,Heat\n,Seven\n"), HasSubstr("expected an item id"));
  EXPECT_THAT(refusal("movieId,title\n1,Heat\n2,Seven\n1,Casino\n"),
              HasSubstr("items:4:1: '1': expected an item id of its own; line 2 has the same"));
  EXPECT_THAT(refusal("movieId,title\n1,\"Heat\n"), HasSubstr("items:2:"));
  EXPECT_THAT(refusal("movieId,title,title\n1,a,b\n"),
              HasSubstr("column 2 of the first line, 'title', is there twice"));
  EXPECT_THAT(refusal("number,label\n1,Heat\n"), HasSubstr("names no column of item ids"));
  EXPECT_THAT(refusal("movieId,title\n"), HasSubstr("there are no items below the first line"));
  EXPECT_THAT(refusal(""), HasSubstr("this file is empty"));
}

TEST_F(ItemTableTest, IsTheCatalogueOfTheInteractions) {
  const ItemTable table = read("item_id,title,year\nc,C,3\na,A,1\nx,X,9\nb,B,2\n");
  Dataset dataset;
  const VocabularyBlock ids = own_block(make_column({"a", "b", "c"}), world_);
  dataset.catalogue.strings["item_id"] = ids.strings;
  dataset.catalogue_total = ids.rows;
  dataset.catalogue_first = ids.first;
  dataset.item_rows = {0, 2, 1, 0};
  join_items(table, dataset, world_);
  EXPECT_THAT(dataset.item_rows, ElementsAre(1, 0, 3, 1));
  EXPECT_EQ(dataset.catalogue_total, 4);
  const VocabularyBlock titles = {dataset.catalogue_total, dataset.catalogue_first,
                                  dataset.catalogue.strings.at("title").rows()};
  EXPECT_THAT(whole(titles, world_), ElementsAre("C", "A", "X", "B"));
  EXPECT_EQ(dataset.catalogue.numbers.at("year").size(), dataset.catalogue.rows);
}

TEST_F(ItemTableTest, RefusesInteractionsWithItemsThatItLacks) {
  const ItemTable table = read("item_id,title\na,A\n");
  Dataset dataset;
  const VocabularyBlock ids = own_block(make_column({"a", "b", "c"}), world_);
  dataset.catalogue.strings["item_id"] = ids.strings;
  dataset.catalogue_total = ids.rows;
  dataset.catalogue_first = ids.first;
  const Failure failure = failure_of([&] { join_items(table, dataset, world_); });
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message,
              HasSubstr("2 of the 3 items of the interactions are not in this file, such as 'b', 'c'"));
}

}  // namespace
}  // namespace gemel::ingest
