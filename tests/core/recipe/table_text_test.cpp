#include "core/recipe/table_text.hpp"
#include "core/recipe/exact_number.hpp"
#include "core/recipe/table_writer.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
namespace json = boost::json;

namespace {

std::string decoded(text_encoding from, std::string_view bytes) {
  std::string out;
  text_decoder decoder{from};
  for (char c : bytes) // Byte by byte: pieces end anywhere.
    decoder.decode({&c, 1}, out);
  decoder.finish(out);
  return out;
}

text_look look_at_text(std::string_view bytes) {
  text_look look{true};
  for (char c : bytes)
    look.add({&c, 1});
  return look;
}

} // namespace

BOOST_AUTO_TEST_SUITE(table_text)

BOOST_AUTO_TEST_CASE(the_separator_is_the_one_that_all_rows_agree_on) {
  BOOST_TEST(find_separator("a,b\n1,2\n") == ',');
  BOOST_TEST(find_separator("student;answer;remark\nann;a, b;x\nbob;b;y\n") == ';');
  BOOST_TEST(find_separator("a\tb\n1\t2\n") == '\t');
  BOOST_TEST(find_separator("a|b\n1|2\n") == '|');
  BOOST_TEST(find_separator("name, first;age\nAnn, B;3\nC;4\n") == ';');
  BOOST_TEST(find_separator("question\nyes; no\nwell, \"x\"\n") == ',');
  BOOST_TEST(find_separator("a;\"b;c,d\";e\n1;2;3\n") == ';');
  BOOST_TEST(find_separator("id;\"a,b\n,c\";x\n1;2;3\n") == ';');
  BOOST_TEST(find_separator("what is 1|2?\nthree\n") == ',');
  BOOST_TEST(find_separator("a;b") == ';');
  BOOST_TEST(find_separator("") == ',');
  BOOST_TEST(find_separator("a;b\n\"x;\"\";y\";2\n") == ';');
}

BOOST_AUTO_TEST_CASE(a_first_line_may_name_the_separator) {
  BOOST_TEST(separator_line("sep=;") == ';');
  BOOST_TEST(separator_line("SEP=,\r") == ',');
  BOOST_TEST(separator_line("\"sep=\t\"") == '\t');
  BOOST_TEST(separator_line("sep=;;") == '\0');
  BOOST_TEST(separator_line("sep,x") == '\0');
}

BOOST_AUTO_TEST_CASE(names_of_columns_lose_what_cannot_be_seen) {
  BOOST_TEST(column_name(" answer ") == "answer");
  BOOST_TEST(column_name("answer\xe2\x80\x8b") == "answer");
  BOOST_TEST(column_name("\xc2\xa0"
                         "answer\t") == "answer");
  BOOST_TEST(column_name("\xef\xbb\xbf\xe2\x80\x8e"
                         "a b") == "a b");
  BOOST_TEST(column_name("first\r\n  line") == "first line");
  BOOST_TEST(column_name("zwei  Wörter") == "zwei  Wörter");
  BOOST_TEST(column_name("à") == "à"); // Its last byte is also the last byte of a no-break space.
  BOOST_TEST(column_name("\xe2\x80\x8b ").empty());
  BOOST_TEST(is_blank_cell(" \xc2\xa0\t"));
  BOOST_TEST(!is_blank_cell("-"));
}

BOOST_AUTO_TEST_CASE(other_encodings_become_utf_8) {
  using namespace std::string_view_literals;
  BOOST_TEST(decoded(text_encoding::utf16le, "\xff\xfe\x41\0\xfc\0\x3d\xd8\x00\xde"sv) == "Aü😀");
  BOOST_TEST(decoded(text_encoding::utf16be, "\xfe\xff\0\x41\x65\xe5"sv) == "A日");
  BOOST_TEST(decoded(text_encoding::utf16le, "\x3d\xd8\x41\0\x42"sv) == "\xef\xbf\xbd"
                                                                        "A\xef\xbf\xbd");
  BOOST_TEST(decoded(text_encoding::windows_1252, "Zo\xe9 \x80 \x93x\x94") == "Zoé € “x”");
  BOOST_TEST((encoding_of_start("a\0,\0b\0\n\0"sv) == text_encoding::utf16le));
  BOOST_TEST((encoding_of_start("\0a\0,\0b\0\n"sv) == text_encoding::utf16be));
  BOOST_TEST((encoding_of_start("a,b\n1,\0\n"sv) == text_encoding::utf8));
}

BOOST_AUTO_TEST_CASE(a_file_is_windows_1252_only_as_a_whole) {
  BOOST_TEST(look_at_text("gr\xf6\xdf"
                          "e,b\n1,2\n")
               .is_windows_1252());
  BOOST_TEST(look_at_text("a,b\nZo\xe9,2\nJos\xe9,3\n").is_windows_1252());
  BOOST_TEST(!look_at_text("a,b\nZo\xe9,2\nJos,3\n").is_windows_1252()); // One bad row.
  BOOST_TEST(!look_at_text("a,b\nZo\xe9,2\nJosé,3\nM\xe9,4\n").is_windows_1252());
  BOOST_TEST(!look_at_text("a,b\nZoé,2\n日本,😀\n").is_windows_1252());
  BOOST_TEST(!look_at_text("a,b\n\x81,2\n\x81,3\n").is_windows_1252());
}

BOOST_AUTO_TEST_CASE(old_line_ends_are_told_from_those_inside_of_cells) {
  BOOST_TEST(look_at_text("a,b\r1,2\r").has_old_line_ends());
  BOOST_TEST(look_at_text("a,b\r1,\"x\ny\"\r").has_old_line_ends());
  BOOST_TEST(!look_at_text("a,b\r\n1,2\r\n").has_old_line_ends());
  BOOST_TEST(!look_at_text("a,b\n1,\"x\ry\"\n").has_old_line_ends());
  std::string text = "a,b\r1,\"x\ry\"\r";
  line_end_mender{true}.mend(text);
  BOOST_TEST(text == "a,b\n1,\"x\ry\"\n");
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_digits) {
  for (std::string_view text :
       {"12345678901234567890123", "0.1000", "1.10", "-0.30000000000000004", "1e400", "5", "-7",
        "18446744073709551616", "0.1234567890123456789", "1E5", "-0"}) {
    const auto value = json::parse(with_exact_numbers(text));
    BOOST_TEST(cell_text(value) == text);
    std::string out;
    append_exact_json(out, value);
    BOOST_TEST(out == text);
  }
  const std::string nested = R"({"a":[1.10,{"b\"1.10":2.50}],"c":"1.10"})";
  std::string out;
  append_exact_json(out, json::parse(with_exact_numbers(nested)));
  BOOST_TEST(out == nested);
  BOOST_TEST(!exact_number(json::value("1.10")));
  BOOST_TEST(cell_text(json::value(5.0)) == "5");
}

BOOST_AUTO_TEST_CASE(formulas_are_told_from_numbers_and_words) {
  for (std::string_view formula : {"=1+1", "=HYPERLINK(\"http://x\")", "- good start", "@SUM(A1)",
                                   "+49 171 x", " =A1", "-2+3", "\t=1",
                                   "\xef\xbc\x9d"
                                   "A1"})
    BOOST_TEST(is_formula(formula), formula);
  for (std::string_view plain : {"-5", "+3.2", "-1.000,50", "-2e3", "-5 %", "", "-", "a=b", "5-3"})
    BOOST_TEST(!is_formula(plain), plain);
}

BOOST_AUTO_TEST_CASE(formulas_are_escaped_only_if_asked_and_numbers_never) {
  const std::vector<std::string> columns{"a", "b", "c"};
  const std::vector<json::value> values{json::value("=A1"), json::value(-5), json::value("-5")};
  std::string kept, escaped, lines;
  append_row(kept, table_format::csv, columns, values);
  append_row(escaped, table_format::csv, columns, values, {}, formula_mode::escape);
  append_row(lines, table_format::jsonl, columns, values, {}, formula_mode::escape);
  BOOST_TEST(kept == "=A1,-5,-5\n");
  BOOST_TEST(escaped == "'=A1,-5,-5\n");
  BOOST_TEST(lines == "{\"a\":\"=A1\",\"b\":-5,\"c\":\"-5\"}\n");
  BOOST_TEST(count_formulas(values) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
