#include "core/io/document/table_reader.hpp"
#include "core/recipe/table_writer.hpp"
#include "core/base/text.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;
namespace json = boost::json;

namespace {

struct fixture {
  temp_dir dir;

  result<io::table_reader> open(std::string_view bytes, const std::string& name = "t.csv",
                                io::table_options options = {}) {
    write_file(dir / name, bytes);
    return io::table_reader::open(dir / name, options);
  }
  /// All rows; a fault is shown as its text.
  std::vector<table_row> rows(std::string_view bytes, const std::string& name = "t.csv",
                              io::table_options options = {}) {
    auto reader = open(bytes, name, options);
    BOOST_REQUIRE_MESSAGE(reader, reader.error().context);
    return rest(*reader);
  }
  static std::vector<table_row> rest(io::table_reader& reader) {
    std::vector<table_row> out;
    table_row row;
    for (;;) {
      auto more = reader.next(row);
      BOOST_REQUIRE_MESSAGE(more, more.error().context);
      if (!*more)
        return out;
      BOOST_TEST(row.index == out.size());
      out.push_back(row);
    }
  }
  std::string file_fault(std::string_view bytes, const std::string& name = "t.csv") {
    auto reader = open(bytes, name);
    BOOST_REQUIRE(!reader);
    BOOST_TEST((reader.error().code == errc::invalid_input));
    return reader.error().context;
  }
};

std::string cell(const table_row& row, std::string_view column) {
  auto found = row.values.if_contains(column);
  return found ? cell_text(*found) : "(none)";
}

bool says(const std::optional<error>& fault, std::string_view words) {
  return fault && fault->context.find(words) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(table_reader, fixture)

BOOST_AUTO_TEST_CASE(csv_cells_hold_commas_quotes_and_line_breaks) {
  auto got =
    rows("name,text\r\nann,\"a, b\"\r\n\"bob\",\"says \"\"hi\"\"\nand\r\nleaves\"\r\n\r\ncy,\n");
  BOOST_REQUIRE(got.size() == 3u);
  BOOST_TEST(cell(got[0], "text") == "a, b");
  BOOST_TEST(cell(got[1], "text") == "says \"hi\"\nand\r\nleaves");
  BOOST_TEST(got[1].line == 3u);
  BOOST_TEST(cell(got[2], "text").empty());
  BOOST_TEST(got[2].line == 7u);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_the_first_name) {
  auto got = rows("\xef\xbb\xbfid,x\n1,2\n");
  BOOST_TEST(cell(got[0], "id") == "1");
}

BOOST_AUTO_TEST_CASE(other_separators_are_found) {
  auto got = rows("id;\"a,b,c\";x\n1;2;3\n");
  BOOST_TEST(cell(got[0], "a,b,c") == "2");
  got = rows("sep=;\r\nid;a,b\r\n1;2,3\r\n");
  BOOST_TEST(cell(got[0], "a,b") == "2,3");
  BOOST_TEST(got[0].line == 3u);
  got = rows("id;a\n1;2\n", "t.csv", {.format = {}, .separator = ','});
  BOOST_TEST(cell(got[0], "id;a") == "1;2");
  got = rows("id;a\n1;2\n", "t.tsv");
  BOOST_TEST(cell(got[0], "a") == "2");
  got = rows("id\tx\n1\t\"a\tb\"\n", "t.tsv");
  BOOST_TEST(cell(got[0], "x") == "a\tb");
}

BOOST_AUTO_TEST_CASE(rows_of_wrong_length_fail_in_their_place) {
  auto got = rows("a,b\n1,2\n3\n4,5,6\n7,8\n");
  BOOST_REQUIRE(got.size() == 4u);
  BOOST_TEST(says(got[1].fault, "t.csv: line 3: the row has 1 cell where the header has 2"));
  BOOST_TEST(says(got[2].fault, "line 4: the row has 3 cells"));
  BOOST_TEST(!got[3].fault);
  BOOST_TEST(cell(got[3], "a") == "7");
}

BOOST_AUTO_TEST_CASE(broken_quotes_cost_one_row_and_no_other) {
  auto got = rows("a,b\n1,\"open\n2,x\n3,y\n");
  BOOST_REQUIRE(got.size() == 3u);
  BOOST_TEST(says(got[0].fault, "never closed"));
  BOOST_TEST(cell(got[1], "b") == "x");
  BOOST_TEST(cell(got[2], "b") == "y");
  got = rows("a,b\n1,\"x\"y\n2,z\n");
  BOOST_TEST(says(got[0].fault, "doubled"));
  BOOST_TEST(cell(got[1], "b") == "z");
  got = rows("a,b\n1,5\" wide\n");
  BOOST_TEST(cell(got[0], "b") == "5\" wide");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_fail_their_row) {
  using namespace std::string_literals;
  auto got = rows("a,b\n1,\xff\n2,\0\n3,ok\n"s);
  BOOST_TEST(says(got[0].fault, "iconv"));
  BOOST_TEST(says(got[1].fault, "NUL"));
  BOOST_TEST(cell(got[2], "b") == "ok");
}

BOOST_AUTO_TEST_CASE(a_row_above_the_bound_fails_and_the_next_is_read) {
  auto got = rows("a,b\n1," + std::string(200, 'x') + "\n2,\"" + std::string(60, 'y') + "\n" +
                    std::string(60, 'z') + "\"\n3,ok\n",
                  "t.csv", {.format = {}, .row_max = 100});
  BOOST_REQUIRE(got.size() == 4u); // The second line of the broken row is its own row.
  BOOST_TEST(says(got[0].fault, "longer than 100 bytes"));
  BOOST_TEST(says(got[1].fault, "not closed within 100 bytes"));
  BOOST_TEST(got[2].fault.has_value());
  BOOST_TEST(cell(got[3], "b") == "ok");
}

BOOST_AUTO_TEST_CASE(a_file_without_a_usable_header_is_refused) {
  BOOST_TEST(file_fault("").find("empty") != std::string::npos);
  BOOST_TEST(file_fault(",,\n , \n").find("names no column") != std::string::npos);
  BOOST_TEST(file_fault("a,a \n").find("two columns called \"a\"") != std::string::npos);
  BOOST_TEST(file_fault("a,b,a\n").find("two columns called \"a\"") != std::string::npos);
  BOOST_TEST(file_fault("\xff\xfe"
                        "a")
               .find("UTF-16") != std::string::npos);
  BOOST_TEST(file_fault("a,\"b\n1,2\n").find("never closed") != std::string::npos);
  BOOST_TEST(file_fault("", "t.jsonl").find("empty") != std::string::npos);
  BOOST_TEST(file_fault("a\n", "t.txt").find("csv, tsv or jsonl") != std::string::npos);
  BOOST_TEST(!io::table_reader::open(dir / "none.csv"));
}

BOOST_AUTO_TEST_CASE(nameless_columns_are_named_or_left_out) {
  auto got = rows(",student,answer\n0,ann,a\n");
  BOOST_TEST(cell(got[0], "index") == "0");
  BOOST_TEST(cell(got[0], "answer") == "a");
  got = rows(",index,,x,,\n1,2,3,4,5,\n1,2,3,4\n1,2,3,4,5,6,7\n");
  BOOST_TEST(cell(got[0], "index_2") == "1");
  BOOST_TEST(cell(got[0], "column_3") == "3");
  BOOST_TEST(got[0].values.size() == 4u);
  BOOST_TEST(!got[1].fault);
  BOOST_TEST(got[2].fault.has_value()); // There is no column for a seventh cell.
  got = rows(",,\n\"\",\"a\"\n1,2,\n"); // An empty row above the header; an empty cell at the end.
  BOOST_TEST(cell(got[0], "a") == "2");
  auto reader = open(",a,\n1,2,3\n");
  BOOST_TEST(reader->notes().size() == 2u);
}

BOOST_AUTO_TEST_CASE(names_are_trimmed_and_put_on_one_line) {
  auto got = rows("student, answer \n a , b \n");
  BOOST_TEST(cell(got[0], "answer") == " b "); // Cells are not trimmed.
  got = rows("a,\"long\nname\"\n1,2\n");
  BOOST_TEST(cell(got[0], "long name") == "2");
  BOOST_TEST(got[0].line == 3u);
}

BOOST_AUTO_TEST_CASE(rows_of_nothing_are_marked) {
  auto got = rows("a,b\n,\n , \n1,\n\xc2\xa0,\t\n,,,\n0,0\n");
  BOOST_REQUIRE(got.size() == 6u);
  for (size_t i = 0; i < got.size(); ++i)
    BOOST_TEST(got[i].blank == (i != 2 && i != 5), i);
  got = rows("{\"a\":\"\",\"b\":null}\n{\"a\":0}\n{\"a\":false}\n{}\n", "t.jsonl");
  BOOST_TEST(got[0].blank);
  BOOST_TEST(!got[1].blank);
  BOOST_TEST(!got[2].blank);
  BOOST_TEST(got[3].blank);
}

BOOST_AUTO_TEST_CASE(a_quote_at_the_start_of_a_tsv_cell_may_be_a_quote) {
  auto got = rows("id\ttext\n1\t\"Hello\" she said\n2\t\"open\n3\t\"a\tb\"\n4\t\"x \"\"y\"\"\"\n"
                  "5\t\"\n6\t\"two\nlines\"\n\"7\"\tend\n",
                  "t.tsv");
  BOOST_REQUIRE(got.size() == 7u);
  const std::vector<std::string> texts{"\"Hello\" she said", "\"open", "a\tb", "x \"y\"", "\"",
                                       "two\nlines",         "end"};
  for (size_t i = 0; i < got.size(); ++i) {
    BOOST_TEST(!got[i].fault, i);
    BOOST_TEST(cell(got[i], "id") == std::to_string(i + 1));
    BOOST_TEST(cell(got[i], "text") == texts[i]);
  }
}

BOOST_AUTO_TEST_CASE(unusable_rows_keep_what_can_be_read_of_them) {
  auto got =
    rows("{\"id\":7,\"text\":\"x}\n{\"id\":\"b\",\"n\":1.10,\"text\":\"\xff\"}\n", "t.jsonl");
  BOOST_TEST(says(got[0].fault, "not valid JSON"));
  BOOST_TEST(cell(got[0], "id") == "7");
  BOOST_TEST(cell(got[1], "id") == "b");
  got = rows("id,text\n1,\"x\"y\n2,Zo\xe9\n");
  BOOST_TEST(got[0].fault.has_value());
  BOOST_TEST(cell(got[0], "id") == "1");
  BOOST_TEST(says(got[1].fault, "iconv"));
  BOOST_TEST(cell(got[1], "text") == "Zo\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(a_header_alone_is_a_table_without_rows) { BOOST_TEST(rows("a,b").empty()); }

BOOST_AUTO_TEST_CASE(jsonl_rows_keep_their_types) {
  auto got = rows("{\"a\":1,\"b\":{\"c\":[true]}}\n\n[1]\n{\"a\":\n{\"d\":\"x\"}\n", "t.jsonl");
  BOOST_REQUIRE(got.size() == 4u);
  BOOST_TEST((got[0].values == json::object{{"a", 1}, {"b", {{"c", json::array{true}}}}}));
  BOOST_TEST(says(got[1].fault, "line 3: the row is no JSON object"));
  BOOST_TEST(says(got[2].fault, "not valid JSON"));
  BOOST_TEST(cell(got[3], "d") == "x");
  auto reader = open("{\"a\":1}\n{\"b\":2,\"a\":3}\n", "t.jsonl");
  BOOST_TEST((reader->columns() == std::vector<std::string>{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(the_hash_covers_every_byte) {
  const std::string text = "a,b\n1,\"open\n2,3\n\n";
  auto reader = open(text);
  rest(*reader);
  BOOST_TEST(reader->bytes() == text.size());
  io::content_hash whole;
  whole.update(text);
  BOOST_TEST(reader->hash() == whole.hex());
}

BOOST_AUTO_TEST_CASE(what_the_writer_writes_is_read_back) {
  const std::vector<std::string> pieces{
    "a", ",", "\"", "\n", "\r\n", "\r", "\t", "\\", "ü", "\xef\xbb\xbf",
    " ", ";", "{}", "日", "'",    "0",  "|"};
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 rng{seed};
    const auto text = [&] {
      std::string out;
      for (auto n = rng() % 6; n > 0; --n)
        out += pieces[rng() % pieces.size()];
      return out;
    };
    std::vector<std::string> columns;
    for (size_t i = 0, n = 2 + rng() % 3; i < n; ++i)
      columns.push_back("column" + std::to_string(i));
    const auto format = static_cast<table_format>(rng() % 3);
    std::string file;
    append_header(file, format, columns);
    std::vector<std::vector<json::value>> written(1 + rng() % 8);
    for (auto& values : written) {
      for (size_t i = 0; i < columns.size(); ++i)
        switch (rng() % (format == table_format::jsonl ? 5 : 1)) {
        case 0: values.emplace_back(json::string{text()}); break;
        case 1: values.emplace_back(static_cast<int64_t>(rng()) - (1 << 30)); break;
        case 2: values.emplace_back(static_cast<double>(rng() % 1'000'000) / 1024); break;
        case 3: values.emplace_back(json::array{nullptr, true, json::string{text()}}); break;
        default: values.emplace_back(json::object{{text(), 0.1}}); break;
        }
      append_row(file, format, columns, values);
    }
    auto got = rows(file, "t." + std::string{to_string(format)}, {.format = {}, .separator = ','});
    BOOST_REQUIRE_MESSAGE(got.size() == written.size(), "seed " << seed << "\n" << file);
    for (size_t r = 0; r < got.size(); ++r) {
      BOOST_TEST(!got[r].fault, "seed " << seed);
      for (size_t i = 0; i < columns.size(); ++i) {
        auto value = got[r].values.if_contains(columns[i]);
        BOOST_REQUIRE_MESSAGE(value, "seed " << seed);
        BOOST_TEST((*value == written[r][i]),
                   "seed " << seed << ": " << *value << " is not " << written[r][i]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(whatever_the_bytes_the_lines_are_accounted_for) {
  const std::string_view alphabet = "a,\"\n\r;\t{}:\\1\xff\xc3\xa9";
  size_t faults = 0, good = 0;
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    std::mt19937 rng{seed};
    std::string bytes = "a,b\n";
    for (auto n = rng() % 120; n > 0; --n)
      bytes += rng() % 40 == 0 ? '\0' : alphabet[rng() % alphabet.size()];
    const bool jsonl = rng() % 3 == 0;
    auto reader =
      open(bytes, jsonl ? "t.jsonl" : "t.csv", {.format = {}, .row_max = 10 + rng() % 100});
    if (!reader)
      continue;
    uint64_t line = 0;
    for (auto& row : rest(*reader)) {
      BOOST_TEST(row.line > line, "seed " << seed);
      line = row.line;
      for (auto& member : row.values)
        BOOST_TEST(is_utf8(cell_text(member.value())), "seed " << seed);
      row.fault ? ++faults : ++good;
      if (row.fault)
        BOOST_TEST(is_utf8(row.fault->context), "seed " << seed);
    }
    BOOST_TEST(reader->bytes() == bytes.size(), "seed " << seed);
  }
  BOOST_TEST(faults > 1000u);
  BOOST_TEST(good > 100u);
}

BOOST_AUTO_TEST_SUITE_END()
