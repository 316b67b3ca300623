#include "features/feature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "features/kinds.hpp"
#include "support/failure.hpp"

namespace gemel::features {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ParseFeature, TakesEveryKind) {
  const FeatureSpec lookup = parse_feature("user_id:lookup", 32);
  EXPECT_EQ(lookup.column, "user_id");
  EXPECT_EQ(lookup.kind->name(), "lookup");
  EXPECT_EQ(lookup.dim, 32U);
  EXPECT_EQ(lookup.name(), "user_id_lookup");
  EXPECT_TRUE(lookup.kind->is_id());

  const FeatureSpec bucketize = parse_feature("timestamp:bucketize(1000):8", 32);
  EXPECT_EQ(bucketize.kind->table_rows(0), 1001);
  EXPECT_EQ(bucketize.dim, 8U);
  EXPECT_EQ(bucketize.width(), 8U);
  EXPECT_EQ(bucketize.name(), "timestamp_bucketize");

  const FeatureSpec normalize = parse_feature("timestamp:normalize", 32);
  EXPECT_EQ(normalize.dim, 0U);
  EXPECT_EQ(normalize.width(), 1U);
  EXPECT_FALSE(normalize.has_table());

  const FeatureSpec text = parse_feature("title:text(10000)", 16);
  EXPECT_EQ(text.kind->argument(), "10000");
  EXPECT_EQ(text.name(), "title_text");
  EXPECT_TRUE(text.kind->has_lists());
  EXPECT_FALSE(text.kind->is_id());

  const FeatureSpec hash = parse_feature("user_id:hash(4e9):8", 16);
  EXPECT_EQ(hash.kind->table_rows(0), 4'000'000'000);
  EXPECT_EQ(hash.name(), "user_id_hash");
  EXPECT_EQ(hash.declaration(), "user_id:hash(4000000000):8");
  EXPECT_FALSE(hash.kind->has_lists());

  const FeatureSpec list = parse_feature("genres:list(|):4", 16);
  EXPECT_EQ(list.kind->argument(), "|");
  EXPECT_EQ(list.dim, 4U);
  EXPECT_EQ(list.name(), "genres_list");
  EXPECT_TRUE(list.kind->has_lists());

  const FeatureSpec bias = parse_feature("item_id:bias", 16);
  EXPECT_TRUE(bias.is_bias());
  EXPECT_TRUE(bias.has_table());
  EXPECT_EQ(bias.dim, 1U);
  EXPECT_EQ(bias.width(), 0U);
  EXPECT_EQ(bias.declaration(), "item_id:bias");
}

TEST(ParseFeature, OnlyABiasMayNotStandOnTheQueryTower) {
  for (const char* declaration :
       {"a:lookup", "a:hash(3)", "a:bucketize(3)", "a:normalize", "a:text(9)", "a:list(|)"})
    EXPECT_EQ(parse_feature(declaration, 4).kind->why_not_of_queries(), "") << declaration;
  EXPECT_THAT(parse_feature("a:bias", 4).kind->why_not_of_queries(), HasSubstr("change nothing"));
}

TEST(Kinds, AreAllInTheHelpAndInTheDocumentation) {
  std::ifstream file(GEMEL_SOURCE_DIR "/src/features/README.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  for (const KindSyntax& syntax : kinds()) {
    EXPECT_THAT(kinds_help(), HasSubstr(std::string(syntax.usage) + " (" + std::string(syntax.help) + ")"));
    EXPECT_THAT(page, HasSubstr("| `" + std::string(syntax.usage) + "` |"));
  }
}

TEST(ParseFeature, ReadsItsOwnDeclarations) {
  for (const char* declaration :
       {"a:lookup:3", "b:bucketize(2):1", "c:normalize", "d:text(3):64", "e:hash(1):2", "f:list(|):2",
        "m:bias", "g:list(:):2", "h:list(::):2", "i:list()):2", "j:list(, ):2", "k:list(a):b):2"}) {
    EXPECT_EQ(parse_feature(declaration, 7).declaration(), declaration);
  }
}

TEST(ParseFeature, EndsSeparatorsAtTheLastBracket) {
  EXPECT_EQ(parse_feature("a:list(:)", 7).kind->argument(), ":");
  EXPECT_EQ(parse_feature("a:list(:)", 7).dim, 7U);
  EXPECT_EQ(parse_feature("a:list(:):9", 7).kind->argument(), ":");
  EXPECT_EQ(parse_feature("a:list(:):9", 7).dim, 9U);
  EXPECT_EQ(parse_feature("a:list(a):b):9", 7).kind->argument(), "a):b");
  EXPECT_EQ(parse_feature("a:list( )", 7).kind->argument(), " ");
}

TEST(ParseFeature, TakesPowersOfTen) {
  EXPECT_EQ(parse_feature("a:hash(1e6)", 1).kind->argument(), "1000000");
  EXPECT_EQ(parse_feature("a:hash(25e03)", 1).kind->argument(), "25000");
  EXPECT_EQ(parse_feature("a:hash(4294967295)", 1).kind->argument(), "4294967295");
  EXPECT_EQ(parse_feature("a:bucketize(1e3)", 1).kind->argument(), "1000");
}

TEST(ParseFeature, SaysWhatIsWrong) {
  const auto complaint = [](std::string_view declaration) {
    const Failure failure = failure_of([&] { parse_feature(declaration, 32); });
    EXPECT_EQ(failure.code, base::ExitCode::usage);
    EXPECT_THAT(failure.message, StartsWith("feature \"" + std::string(declaration) + "\": "));
    EXPECT_THAT(failure.message, HasSubstr("KIND one of lookup, hash(N), bucketize(N), "));
    return failure.message;
  };
  EXPECT_THAT(complaint(""), HasSubstr("no KIND"));
  EXPECT_THAT(complaint("title"), HasSubstr("no KIND"));
  EXPECT_THAT(complaint(":lookup"), HasSubstr("no COLUMN"));
  EXPECT_THAT(complaint("a:lookup:3:4"), HasSubstr("more than three parts"));
  EXPECT_THAT(complaint("a:embed"), HasSubstr("no kind \"embed\""));
  EXPECT_THAT(complaint("a:hash"), HasSubstr("hash is written hash(N)"));
  EXPECT_THAT(complaint("a:hash(0)"), HasSubstr("N must be a whole number from 1 to 4294967295, not \"0\""));
  EXPECT_THAT(complaint("a:hash(4294967296)"), HasSubstr("not \"4294967296\""));
  EXPECT_THAT(complaint("a:hash(5e9)"), HasSubstr("not \"5e9\""));
  EXPECT_THAT(complaint("a:hash(1e99)"), HasSubstr("not \"1e99\""));
  EXPECT_THAT(complaint("a:hash(1e-2)"), HasSubstr("not \"1e-2\""));
  EXPECT_THAT(complaint("a:list"), HasSubstr("list is written list(SEP)"));
  EXPECT_THAT(complaint("a:list()"), HasSubstr("SEP must be at least one character"));
  EXPECT_THAT(complaint("a:list(|"), HasSubstr("bracket"));
  EXPECT_THAT(complaint("a:list(|)8"), HasSubstr("\"8\" follows the closing bracket"));
  EXPECT_THAT(complaint("a:list(:):0"), HasSubstr("DIM must be a whole number from 1 to"));
  EXPECT_THAT(complaint("a:list(:):1:2"), HasSubstr("more than three parts"));
  EXPECT_THAT(complaint("a:"), HasSubstr("no kind \"\""));
  EXPECT_THAT(complaint("a:text"), HasSubstr("text is written text(N)"));
  EXPECT_THAT(complaint("a:lookup(3)"), HasSubstr("lookup is written lookup"));
  EXPECT_THAT(complaint("a:text(3"), HasSubstr("bracket"));
  EXPECT_THAT(complaint("a:text("), HasSubstr("bracket"));
  EXPECT_THAT(complaint("a:text()"), HasSubstr("N must be a whole number from 3 to"));
  EXPECT_THAT(complaint("a:text(2)"), HasSubstr("N must be a whole number from 3 to"));
  EXPECT_THAT(complaint("a:bucketize(1)"), HasSubstr("N must be a whole number from 2 to"));
  EXPECT_THAT(complaint("a:bucketize(1.5e3)"), HasSubstr("not \"1.5e3\""));
  EXPECT_THAT(complaint("a:bucketize(99999999999)"), HasSubstr("not \"99999999999\""));
  EXPECT_THAT(complaint("a:lookup:0"), HasSubstr("DIM must be a whole number from 1 to"));
  EXPECT_THAT(complaint("a:lookup:-3"), HasSubstr("DIM must be"));
  EXPECT_THAT(complaint("a:lookup:"), HasSubstr("DIM must be"));
  EXPECT_THAT(complaint("a:normalize:3"), HasSubstr("takes no DIM"));
  EXPECT_THAT(failure_of([] { parse_feature("a:lookup", 0); }).message, HasSubstr("DIM must be at least 1"));
}

}  // namespace
}  // namespace gemel::features
