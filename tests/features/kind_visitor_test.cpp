#include "features/kind_visitor.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "features/feature.hpp"
#include "features/kinds.hpp"

namespace gemel::features {
namespace {

using testing::HasSubstr;

/// What a kind tells, in words.
class Listener final : public KindVisitor {
 public:
  void vocabulary_row(std::uint32_t unknown) override { tell(fmt::format("vocabulary, else {}", unknown)); }
  void bucket(const Linspace& boundaries) override {
    tell(fmt::format("{} boundaries {} to {}", boundaries.count(), boundaries.point(0),
                     boundaries.point(boundaries.count() - 1)));
  }
  void z_score(double mean, double deviation) override {
    tell(fmt::format("mean {}, deviation {}", mean, deviation));
  }
  void rows_by_rule(std::string_view rule) override { tell(std::string(rule)); }

  int calls = 0;
  std::string told;

 private:
  void tell(std::string what) {
    ++calls;
    told = std::move(what);
  }
};

std::string told_by(const std::string& kind) {
  auto learned = nlohmann::json{{"minimum", 10}, {"maximum", 40}, {"mean", 2.5}, {"deviation", 0.5}};
  learned["boundaries"] = kind.starts_with("quantiles") ? nlohmann::json({7.5}) : nlohmann::json(4);
  const auto fitted = parse_feature("column:" + kind, 4).kind->clone();
  fitted->read(learned);
  Listener listener;
  fitted->accept(listener);
  EXPECT_EQ(listener.calls, 1);
  return listener.told;
}

TEST(KindVisitor, HearsHowValuesAreMade) {
  EXPECT_EQ(told_by("lookup"), "vocabulary, else 0");
  EXPECT_EQ(told_by("bias"), "vocabulary, else 0");
  EXPECT_EQ(told_by("bucketize(4)"), "4 boundaries 10 to 40");
  EXPECT_EQ(told_by("normalize"), "mean 2.5, deviation 0.5");
  EXPECT_THAT(told_by("hash(50)"), HasSubstr("modulo 50"));
  EXPECT_THAT(told_by("text(9)"), HasSubstr("unknown ones are row 1"));
  EXPECT_THAT(told_by("list(||)"), HasSubstr("between '||'"));
  EXPECT_THAT(told_by("quantiles(2)"), HasSubstr("feature list of the checkpoint"));
  EXPECT_EQ(kinds().size(), 8U);  // no other
}

}  // namespace
}  // namespace gemel::features
