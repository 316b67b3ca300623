#include "features/feature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/failure.hpp"

namespace gemel::features {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ParseFeature, TakesEveryKind) {
  const FeatureSpec lookup = parse_feature("user_id:lookup", 32);
  EXPECT_EQ(lookup.column, "user_id");
  EXPECT_EQ(lookup.kind, FeatureKind::lookup);
  EXPECT_EQ(lookup.dim, 32U);
  EXPECT_EQ(lookup.name(), "user_id_lookup");

  const FeatureSpec bucketize = parse_feature("timestamp:bucketize(1000):8", 32);
  EXPECT_EQ(bucketize.kind, FeatureKind::bucketize);
  EXPECT_EQ(bucketize.size, 1000);
  EXPECT_EQ(bucketize.dim, 8U);
  EXPECT_EQ(bucketize.width(), 8U);
  EXPECT_EQ(bucketize.name(), "timestamp_bucketize");

  const FeatureSpec normalize = parse_feature("timestamp:normalize", 32);
  EXPECT_EQ(normalize.kind, FeatureKind::normalize);
  EXPECT_EQ(normalize.dim, 0U);
  EXPECT_EQ(normalize.width(), 1U);
  EXPECT_FALSE(normalize.has_table());

  const FeatureSpec text = parse_feature("title:text(10000)", 16);
  EXPECT_EQ(text.kind, FeatureKind::text);
  EXPECT_EQ(text.size, 10000);
  EXPECT_EQ(text.name(), "title_text");
  EXPECT_TRUE(text.has_lists());

  const FeatureSpec hash = parse_feature("user_id:hash(4e9):8", 16);
  EXPECT_EQ(hash.kind, FeatureKind::hash);
  EXPECT_EQ(hash.size, 4'000'000'000);
  EXPECT_EQ(hash.name(), "user_id_hash");
  EXPECT_EQ(hash.declaration(), "user_id:hash(4000000000):8");
  EXPECT_FALSE(hash.has_lists());

  const FeatureSpec list = parse_feature("genres:list(|):4", 16);
  EXPECT_EQ(list.kind, FeatureKind::list);
  EXPECT_EQ(list.separator, "|");
  EXPECT_EQ(list.dim, 4U);
  EXPECT_EQ(list.name(), "genres_list");
  EXPECT_TRUE(list.has_lists());
}

TEST(ParseFeature, ReadsItsOwnDeclarations) {
  for (const char* declaration :
       {"a:lookup:3", "b:bucketize(2):1", "c:normalize", "d:text(3):64", "e:hash(1):2", "f:list(|):2",
        "g:list(:):2", "h:list(::):2", "i:list()):2", "j:list(, ):2", "k:list(a):b):2"}) {
    EXPECT_EQ(parse_feature(declaration, 7).declaration(), declaration);
  }
}

TEST(ParseFeature, EndsSeparatorsAtTheLastBracket) {
  EXPECT_EQ(parse_feature("a:list(:)", 7).separator, ":");
  EXPECT_EQ(parse_feature("a:list(:)", 7).dim, 7U);
  EXPECT_EQ(parse_feature("a:list(:):9", 7).separator, ":");
  EXPECT_EQ(parse_feature("a:list(:):9", 7).dim, 9U);
  EXPECT_EQ(parse_feature("a:list(a):b):9", 7).separator, "a):b");
  EXPECT_EQ(parse_feature("a:list( )", 7).separator, " ");
}

TEST(ParseFeature, TakesPowersOfTen) {
  EXPECT_EQ(parse_feature("a:hash(1e6)", 1).size, 1'000'000);
  EXPECT_EQ(parse_feature("a:hash(25e03)", 1).size, 25'000);
  EXPECT_EQ(parse_feature("a:hash(4294967295)", 1).size, 4'294'967'295);
  EXPECT_EQ(parse_feature("a:bucketize(1e3)", 1).size, 1000);
}

TEST(ParseFeature, SaysWhatIsWrong) {
  const auto complaint = [](std::string_view declaration) {
    const Failure failure = failure_of([&] { parse_feature(declaration, 32); });
    EXPECT_EQ(failure.code, base::ExitCode::usage);
    EXPECT_THAT(failure.message, StartsWith("feature \"" + std::string(declaration) + "\": "));
    EXPECT_THAT(failure.message,
                HasSubstr("KIND one of lookup, hash(N), bucketize(N), normalize, text(N), list(SEP), bias."));
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

std::vector<double> points_of(double first, double last, std::int64_t count) {
  const Linspace linspace(first, last, count);
  std::vector<double> points;
  for (std::int64_t i = 0; i < count; ++i) points.push_back(linspace.point(i));
  return points;
}

TEST(Linspace, CountsThePointsNotAboveAValue) {
  const std::vector<double> points = points_of(-3, 11.5, 37);
  for (const double value : {-100.0, -3.0, -2.9, 0.0, 4.25, 11.4999, 11.5, 12.0}) {
    EXPECT_EQ(Linspace(-3, 11.5, 37).count_not_above(value),
              std::ranges::upper_bound(points, value) - points.begin())
        << value;
  }
  for (const double point : points)
    EXPECT_EQ(Linspace(-3, 11.5, 37).count_not_above(point),
              std::ranges::upper_bound(points, point) - points.begin());
  EXPECT_EQ(Linspace(7, 7, 3).count_not_above(7), 3);
  EXPECT_EQ(Linspace(0, 4e9, 4'000'000'001).count_not_above(2.5e9), 2'500'000'001) << "takes no memory";
}

TEST(Linspace, IsThatOfNumpy) {
  EXPECT_THAT(points_of(0, 1, 2), ElementsAre(0.0, 1.0));
  EXPECT_THAT(points_of(5, 5, 3), ElementsAre(5.0, 5.0, 5.0));
  // >>> [x.hex() for x in numpy.linspace(874724710, 893286638, 1000)[[1, 500, 997, 998, 999]]]
  const auto points = points_of(874724710, 893286638, 1000);
  EXPECT_EQ(points.size(), 1000U);
  EXPECT_EQ(points.front(), 874724710.0);
  EXPECT_EQ(points[1], 0x1.a11c2fd4116cfp+29);
  EXPECT_EQ(points[500], 0x1.a587fba208b67p+29);
  EXPECT_EQ(points[997], 0x1.a9ef3e27dd263p+29);
  EXPECT_EQ(points[998], 0x1.a9f182cbee931p+29);
  EXPECT_EQ(points.back(), 893286638.0);
}

}  // namespace
}  // namespace gemel::features
