#include "ingest/json_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gemel::ingest {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> fields_of(const std::vector<std::string>& wanted, std::string_view line) {
  JsonRecord record(wanted);
  std::vector<std::string> texts;
  for (const Field& field : record(line)) texts.emplace_back(field.text);
  EXPECT_EQ(record.fault().expected, "") << line;
  return texts;
}

/// "column: what was expected there".
std::string fault_of(std::string_view line, const std::vector<std::string>& wanted = {"a", "b"}) {
  JsonRecord record(wanted);
  record(line);
  if (record.fault().expected.empty()) return "none";
  EXPECT_GE(record.fault().where.data(), line.data());
  EXPECT_LE(record.fault().where.data() + record.fault().where.size(), line.data() + line.size());
  return std::to_string(record.fault().where.data() - line.data() + 1) + ": " +
         std::string(record.fault().expected);
}

const std::string object = R"(a JSON object, such as {"user": "u1", "item": "i1"})";
const std::string string = R"(a string with valid escapes, \ud800 to \udfff only in pairs)";
const std::string rest = "the line to go on as a JSON object";

TEST(JsonRecord, GivesTheWantedKeysInTheirOrder) {
  const std::string_view line = R"( {"b":"x","c":{"a":1},"a" : "y" , "d":[1,"a",{"a":2}]} )";
  EXPECT_THAT(fields_of({"a", "b"}, line), ElementsAre("y", "x"));
  EXPECT_THAT(fields_of({"b", "nowhere", "a"}, line), ElementsAre("x", "", "y"));
  EXPECT_THAT(fields_of({}, line), IsEmpty());
  EXPECT_THAT(fields_of({"a"}, "{}"), ElementsAre(""));
}

TEST(JsonRecord, KeepsNumbersAndWordsAsTheyAreWritten) {
  const std::string digits(400, '7');
  EXPECT_THAT(fields_of({"a", "b", "c", "d", "e", "f"},
                        R"({"a":4.50,"b":-0 ,"c":1E+400,"d":true,"e":false,"f":null})"),
              ElementsAre("4.50", "-0", "1E+400", "true", "false", ""));
  EXPECT_THAT(fields_of({"a"}, R"({"a":)" + digits + "}"), ElementsAre(digits));
}

TEST(JsonRecord, ResolvesEscapes) {
  EXPECT_THAT(fields_of({"a", "b"}, R"({"a":"\"\\\/\b\f\n\r\t","b":"\u00e9\u20AC\uD83D\uDE00 \u0000"})"),
              ElementsAre("\"\\/\b\f\n\r\t", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \0"s));
  EXPECT_THAT(fields_of({"a\n", "\xc3\xa9"}, R"({"\u0061\n":"x","\u00E9":"y"})"), ElementsAre("x", "y"));
}

TEST(JsonRecord, JoinsArrays) {
  EXPECT_THAT(fields_of({"a", "b", "c", "d"},
                        R"({"a":["x", 2.0 ,true,"\u00e9"],"b":[],"c":["one"],"d":[null,"x",null]})"),
              ElementsAre("x|2.0|true|\xc3\xa9", "", "one", "x"));
  EXPECT_THAT(fields_of({"a", "b", "c", "d"}, R"({"a":[["x"]],"b":["x",{"y":1},2],"c":{"a":["x"]},"d":7})"),
              ElementsAre("", "", "", "7"));
}

TEST(JsonRecord, ReachesIntoObjects) {
  const std::string_view line =
      R"({"a":{"b":"x","c":{"d":"y","b":"z"},"e":"w"},"f.g":"v","ab":{"b":1},"h":{"i":2}})";
  EXPECT_THAT(fields_of({"a.b", "a.c.d", "a.e", "f.g", "a.c", "h.j", "h"}, line),
              ElementsAre("x", "y", "w", "v", "", "", ""));
}

TEST(JsonRecord, KnowsWhereInTheLineAFieldStands) {
  const std::string line = R"({"a": "x\n" ,"b":  12 , "c":[ "y" , 3 ] ,"d":{"e":null }})";
  JsonRecord record({"a", "b", "c", "d.e", "f"});
  const std::vector<Field>& fields = record(line);
  const std::string_view sources[] = {R"("x\n")", "12", R"([ "y" , 3 ])", "null"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(fields.at(i).source, sources[i]);
    EXPECT_EQ(fields.at(i).source.data() - line.data(), static_cast<std::ptrdiff_t>(line.find(sources[i])));
  }
  EXPECT_EQ(fields.at(4).source.data(), line.data());
  EXPECT_EQ(fields.at(4).source, "");
}

TEST(JsonRecord, RefusesWhatIsNoObject) {
  for (const char* line : {"", " ", "null", "1", "\"a\"", "[]", R"([{"a":1}])", "u1,i1,5", "true"}) {
    EXPECT_THAT(fault_of(line), testing::AnyOf("1: " + object, testing::EndsWith(rest))) << line;
  }
  EXPECT_EQ(fault_of(R"([{"a":1}])"), "1: " + object);
  EXPECT_EQ(fault_of(R"({"a":1} {"a":2})"), "9: the line to end after the object");
  EXPECT_EQ(fault_of(R"({"a":1},)"), "1: " + rest);
}

TEST(JsonRecord, SaysWhereALineIsWrong) {
  EXPECT_EQ(fault_of(R"({"a":"x","b":tru})"), "14: a value of JSON");
  for (const char* number :
       {"01", "1.", ".5", "+1", "1e", "1e+", "-", "1.2.3", "0x1", "NaN", "Infinity", "1_000", "nul", "nulll"})
    EXPECT_EQ(fault_of(R"({"a":)"s + number + "}"), "6: a value of JSON") << number;
  EXPECT_EQ(fault_of(R"({"a":1,"a":2})"), "12: no second value of the same key");
  EXPECT_EQ(fault_of(R"({"c":1,"c":2})"), "none");
  EXPECT_EQ(fault_of(R"({"c":1,"b":"\ud83d!"})"), "12: " + string);
  EXPECT_EQ(fault_of(R"({"b":["\ude00"]})"), "7: " + string);
  EXPECT_EQ(fault_of(R"({"b":"\x"})"), "6: " + string);
  EXPECT_EQ(fault_of(R"({"b":"x)"), "1: a closing double quote for every string in the line");
  EXPECT_EQ(fault_of("{\"b\":\"x\ty\"}"), R"(1: no control characters in strings; tabs are \t there)");
  EXPECT_EQ(fault_of("{\"b\":\"x\0y\"}"s), R"(1: no control characters in strings; tabs are \t there)");
  EXPECT_EQ(fault_of("{\"b\":\"\xe9\"}"), "7: UTF-8");
  EXPECT_EQ(fault_of(R"({"a":1 "b":2})"), "8: " + rest);
  EXPECT_EQ(fault_of(R"({"a" 1})"), "6: " + rest);
  for (const char* line : {R"({"a":1)", R"({"a":)", R"({"a")", "{", R"({"a":1,})", R"({a:1})", R"({'a':1})",
                           R"({"a":[1,]})", R"({"a":[1 2]})", R"({"a":[1})"})
    EXPECT_NE(fault_of(line), "none") << line;
  EXPECT_NE(fault_of("{\"a\":1\0}"s), "none");
  EXPECT_NE(fault_of("{\"a\":1}\0"s), "none");
}

TEST(JsonRecord, SurvivesDeepNesting) {
  const std::string open(100'000, '[');
  const std::string objects = [] {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += R"({"a":)";
    return text;
  }();
  for (const std::string& start : {open, objects}) {
    EXPECT_NE(fault_of(start), "none");
    EXPECT_NE(fault_of(R"({"a":)" + start + "}"), "none");
    EXPECT_NE(fault_of(R"({"c":)" + start + "}", {"a", "c.a.a.a"}), "none");
    EXPECT_THAT(keys_of(start), IsEmpty());
  }
  EXPECT_THAT(fields_of({"a", "b"}, R"({"c":)" + open + std::string(100'000, ']') + R"(,"b":1})"),
              ElementsAre("", "1"));
}

TEST(JsonRecord, ForgetsTheLineBefore) {
  JsonRecord record({"a", "b"});
  record(R"({"a":"x","b":["y","z"]})");
  record(R"({"a":)");
  EXPECT_NE(record.fault().expected, "");
  const std::vector<Field>& fields = record(R"({"b":1})");
  EXPECT_EQ(record.fault().expected, "");
  EXPECT_EQ(fields.at(0).text, "");
  EXPECT_EQ(fields.at(1).text, "1");
}

TEST(JsonRecord, AgreesWithAnotherParser) {
  JsonRecord record({"text", "n"});
  for (unsigned code = 1; code < 0x3000; code += 7) {
    for (const bool is_ascii : {true, false}) {
      nlohmann::json json = {{"n", code}, {"other", {1, 2}}, {"text", "a\\u" + std::string(code % 70, '"')}};
      std::string& text = json["text"].get_ref<std::string&>();
      text += static_cast<char>(0xe0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (code & 0x3f));
      if (code < 0x800) text.resize(text.size() - 3);
      const std::string line = json.dump(-1, ' ', is_ascii);
      const std::vector<Field>& fields = record(line);
      EXPECT_EQ(record.fault().expected, "") << line;
      EXPECT_EQ(fields[0].text, text);
      EXPECT_EQ(fields[1].text, std::to_string(code));
    }
  }
}

TEST(JsonRecord, ListsKeys) {
  EXPECT_THAT(keys_of(R"({"b":1,"a":{"x":[{"q":1}],"y":{"z":null}},"e":{},"\u00e9":2})"),
              ElementsAre("b", "a.x", "a.y.z", "\xc3\xa9"));
  EXPECT_THAT(keys_of("{}"), IsEmpty());
  for (const char* line : {"", "[1]", R"({"a":1)", R"({"a" 1})", "\xff"})
    EXPECT_THAT(keys_of(line), IsEmpty()) << line;
}

}  // namespace
}  // namespace gemel::ingest
