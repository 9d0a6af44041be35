#include "filter_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

namespace {

struct Mistake {
  std::string_view text;
  std::string_view message;
};

void Check(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.text);
    CHECK(ErrorOf(mistake.text) == "filter, position " + std::string(mistake.message));
  }
}

}  // namespace

TEST_CASE("a filter with a wrong word says where and what was expected", "[filter][error]") {
  Check({
      {"", "1: the filter is empty"},
      {" \t\n", "1: the filter is empty"},
      {"id ==", "6: the end: expected a field, a constant or '('"},
      {"id == 1 and", "12: the end: expected a field, a constant or '('"},
      {"== 1", "1: '==': expected a field, a constant or '('"},
      {"id == == 1", "7: '==': expected a field, a constant or '('"},
      {"id == 1 id", "9: 'id': expected an operator, ')' or the end"},
      {"id == 1 And id == 2", "9: 'And': keywords are written all in lower or all in upper case"},
      {"(id == 1", "9: expected ')' for the '(' at position 1"},
      {"id == 1)", "8: ')' closes nothing: expected an operator or the end"},
      {"()", "2: ')': expected a field, a constant or '('"},
      {"id in 1", "7: '1': expected '[' after 'in'"},
      {"id in [1 2]", "10: '2': expected ',' or ']'"},
      {"id in [,]", "8: ',': expected a constant or ']'"},
      {"id in [small]", "8: 'small': expected a constant or ']'"},
      {"id in [1", "9: the end: expected ',' or ']'"},
      {"id in [[1]]", "8: '[': expected a constant or ']'"},
      {"id == [1]", "7: '[': a list stands only after 'in'"},
      {"id is", "6: the end: expected 'null' or 'not null' after 'is'"},
      {"id is not 5", "11: '5': expected 'null' after 'is'"},
      {"id = 1", "4: '=' is no operator: write '=='"},
      {"id <> 1", "4: '<>' is no operator: write '!='"},
      {"id == 1; x", "8: ';' has no meaning in a filter"},
      {"id == ü", "7: 'ü' has no meaning in a filter"},
      {"id == 1 not 2", "9: 'not': expected an operator, ')' or the end"},
  });
}

TEST_CASE("numbers and strings that cannot be read are refused", "[filter][error]") {
  Check({
      {"id == 9223372036854775808", "7: '9223372036854775808' does not fit in 64 bits with a sign"},
      {"id == -9223372036854775809",
       "8: '9223372036854775809' does not fit in 64 bits with a sign"},
      {"id == -(-9223372036854775808)", "7: '-': the number does not fit in 64 bits with a sign"},
      {"id == 99999999999999999999999",
       "7: '99999999999999999999999' does not fit in 64 bits with a sign"},
      {"id == 0xFFFFFFFFFFFFFFFF", "7: '0xFFFFFFFFFFFFFFFF' does not fit in 64 bits with a sign"},
      {"id == 08", "7: '08' is not a number"},
      {"id == 0x", "7: '0x' is not a number"},
      {"id == 0b102", "7: '0b102' is not a number"},
      {"id == 1_000", "7: '1_000' is not a number"},
      {"id == 12ab", "7: '12ab' is not a number"},
      {"single == 1.2.3", "11: '1.2.3' is not a number"},
      {"single == 1e", "11: '1e' is not a number"},
      {"single == 1e999", "11: '1e999' is beyond the range of a 64-bit float"},
      {"title == 'a", "10: the string has no closing '"},
      {"title == \"a\\\"", "10: the string has no closing \""},
      {"title == 'a\\", "10: the string has no closing '"},
      {"title == 'a\nb'", "10: the string contains a line break: write \\n or \\r"},
      {"title == -'a'", "10: '-' takes a number, not a String"},
  });
  for (const char* escape : {"\\q", "\\x4", "\\xg0", "\\u12", "\\uD800", "\\U00110000", "\\400"}) {
    CAPTURE(escape);
    CHECK_THAT(ErrorOf("title == 'a" + std::string(escape) + "'"),
               StartsWith("filter, position 12: ") && ContainsSubstring("is no escape"));
  }
}

TEST_CASE("types that do not fit are refused with the field and its type", "[filter][error]") {
  Check({
      {"nothing == 1", "1: there is no field named 'nothing'"},
      {"nothing is null", "1: there is no field named 'nothing'"},
      {"nothing", "1: there is no field named 'nothing'"},
      {"id == nothing", "7: there is no field named 'nothing'"},
      {"v == 1", "1: field 'v' holds vectors: filters read scalar fields only"},
      {"v is null", "1: field 'v' holds vectors: filters read scalar fields only"},
      {"id == 2.0",
       "7: field 'id' holds Int64 and cannot be compared with the Float 2.0: write an integer"},
      {"1e3 < medium",
       "1: field 'medium' holds Int32 and cannot be compared with the Float 1000.0: write an "
       "integer"},
      {"id in [1, 2.5]",
       "11: field 'id' holds Int64 and cannot be compared with the Float 2.5: write an integer"},
      {"single == '1'",
       "11: field 'single' holds Float and cannot be compared with the String \"1\": write a "
       "number"},
      {"title == 1",
       "10: field 'title' holds VarChar and cannot be compared with the Int 1: write a string in "
       "quotes"},
      {"flag == 1",
       "9: field 'flag' holds Bool and cannot be compared with the Int 1: write true or false"},
      {"id == true",
       "7: field 'id' holds Int64 and cannot be compared with the Bool true: write a number"},
      {"flag < true", "6: '<': field 'flag' holds Bool, which has no order: write == or !="},
      {"flag < shown",
       "6: '<': fields 'flag' and 'shown' hold Bool, which has no order: write == or !="},
      {"false < flag < true",
       "7: '<': field 'flag' holds Bool, which has no order: write == or !="},
      {"flag == id",
       "6: field 'flag' holds Bool and cannot be compared with field 'id', which holds Int64"},
      {"title == id",
       "7: field 'title' holds VarChar and cannot be compared with field 'id', which holds Int64"},
      {"1 == 1", "3: '==' compares two constants: one side must be a field"},
      {"1 in [1]", "3: 'in' needs a field on its left, not a constant"},
      {"1 is null", "3: 'is' needs a field on its left"},
      {"(id == 1) is null", "11: 'is' needs a field on its left"},
  });
}

TEST_CASE("a filter that is no condition is refused", "[filter][error]") {
  Check({
      {"flag", "1: field 'flag' alone is not a condition: write `flag == true`"},
      {"not flag", "5: field 'flag' alone is not a condition: write `flag == true`"},
      {"id == 1 and flag", "13: field 'flag' alone is not a condition: write `flag == true`"},
      {"id", "1: field 'id' alone is not a condition: compare it with something"},
      {"true", "1: 'true' is a constant, not a condition: compare a field with it"},
      {"id == 1 or 5", "12: '5' is a constant, not a condition: compare a field with it"},
      {"not id == 1",
       "8: '==' takes fields and constants, not a condition: 'not' binds tighter, write `not "
       "(...)`"},
      {"not id in [1]",
       "8: 'in' takes fields and constants, not a condition: 'not' binds tighter, write `not "
       "(...)`"},
      {"(id == 1) == (id == 2)", "11: '==' takes fields and constants, not a condition"},
      {"id == 1 == 1", "9: '==' takes fields and constants, not a condition"},
      {"id == small < 3", "4: '==' takes fields and constants, not a condition"},
      {"1 < (id) < 3", "10: '<' takes fields and constants, not a condition"},
  });
}

TEST_CASE("a chained comparison needs constants in order around a field", "[filter][error]") {
  Check({
      {"1 < id > 5", "8: '>' after '<': both operators of a chained comparison point the same way"},
      {"5 < id < 1", "3: no value lies between the bounds 5 and 1 of 'id'"},
      {"5 < id <= 5", "3: no value lies between the bounds 5 and 5 of 'id'"},
      {"1 > id > 5", "3: no value lies between the bounds 1 and 5 of 'id'"},
      {"9007199254740993 < precise < 9007199254740992.0",
       "18: no value lies between the bounds 9007199254740993 and 9007199254740992.0 of "
       "'precise'"},
      {"'b' < title < 'a'", "5: no value lies between the bounds \"b\" and \"a\" of 'title'"},
      {"small < id < 5", "7: the bounds of the chained comparison around 'id' must be constants"},
      {"1 < id < 2.5",
       "10: field 'id' holds Int64 and cannot be compared with the Float 2.5: write an integer"},
  });
}

TEST_CASE("words of the wider language are refused by name", "[filter][error]") {
  Check({
      {"title like 'a%'", "7: operator 'like' is not supported in this version"},
      {"not title like 'a%'", "11: operator 'like' is not supported in this version"},
      {"id + 1 == 2", "4: operator '+' is not supported in this version"},
      {"id == 1 + 1", "9: operator '+' is not supported in this version"},
      {"id % 2 == 0", "4: operator '%' is not supported in this version"},
      {"id * 2 ** 3 == 8", "4: operator '*' is not supported in this version"},
      {"-2 ** 2 == id", "1: operator '-' is not supported in this version"},
      {"-id == 1", "1: operator '-' is not supported in this version"},
      {"~5 == id", "1: operator '~' is not supported in this version"},
      {"id & 1 == 1", "4: operator '&' is not supported in this version"},
      {"id << 1 == 1", "4: operator '<<' is not supported in this version"},
      {"exists title", "1: operator 'exists' is not supported in this version"},
      {"title['a'] == 1",
       "6: '[' after 'title': JSON paths and array elements are not supported in this version"},
      {"json_contains(title, 1)", "1: function 'json_contains' is not supported in this version"},
      {"ARRAY_LENGTH(title) == 1", "1: function 'ARRAY_LENGTH' is not supported in this version"},
      {"sqrt(id) == 1", "1: there is no function named 'sqrt'"},
      {"id == {x}", "7: '{': placeholders such as {name} are not supported in this version"},
      {"$meta['a'] == 1", "1: '$': the dynamic field is not supported in this version"},
  });
}
