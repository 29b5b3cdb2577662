#include "tests/support/documents.hpp"
#include "tests/support/map_again_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

// The same output once more: recipes, documents and files that were changed.
BOOST_FIXTURE_TEST_SUITE(map_changes, slow_again)

BOOST_AUTO_TEST_CASE(only_a_changed_stage_is_paid_for) {
  write_recipe(two_stages);
  write_rows(30);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(seen() == 60u);
  std::string changed = two_stages;
  changed.replace(changed.find("Improve {{"), 7, "Enhance");
  write_recipe(changed);
  kill_at(70);
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() <= 90u + twice_max);
  BOOST_TEST(number(stage(end, 0), "completed") == 30u);
  BOOST_TEST(number(stage(end, 1), "completed") == 30u);
  check_order(30);
  // Columns cost nothing at all, nor does the stage as it was.
  const auto sent = seen();
  std::string columns = two_stages;
  columns.replace(columns.find("[\"word\", "), 9, "[\"word\", \"school\", ");
  write_recipe(columns);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(seen() == sent);
  BOOST_TEST(lines_of(out)[0] == "word,school,extract.score,improve,error");
}

BOOST_AUTO_TEST_CASE(what_would_throw_all_answers_away_asks_for_restart) {
  write_rows(12);
  BOOST_TEST(map().code == 0);
  const auto before = read_file(out);
  write_recipe(std::string{plain_recipe} + "system = \"Be brief.\"\n");
  auto end = map();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("paid answers of 12 rows") != std::string::npos, end.err);
  BOOST_TEST(end.err.find("--restart") != std::string::npos, end.err);
  write_recipe(plain_recipe);
  write_words({"other-1", "other-2"});
  end = map();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("paid answers of 12 rows") != std::string::npos, end.err);
  BOOST_TEST(read_file(out) == before);
  BOOST_TEST(seen() == 12u);
  BOOST_TEST(map({"--restart"}).code == 0);
  BOOST_TEST(seen() == 14u);
}

BOOST_AUTO_TEST_CASE(the_prompt_of_a_sample_may_change) {
  write_rows(30);
  BOOST_TEST(map({"--sample", "5"}).code == 0);
  BOOST_TEST(seen() == 5u);
  write_recipe("[[stages]]\nname = \"say\"\nprompt = \"Speak of {{word}}.\"\n");
  auto end = map({"--sample", "5"});
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 10u);
  BOOST_TEST(lines_of(dir / "out.sample.csv")[1].find("Speak of word-0.") != std::string::npos);
  end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 35u);
  check_order(30);
}

BOOST_AUTO_TEST_CASE(a_changed_document_is_a_changed_row) {
  write_recipe("[[stages]]\nname = \"say\"\nprompt = \"Say {{word}}.\"\ndocuments = "
               "[\"{{word}}.txt\"]\n");
  const auto all = some_words(6);
  write_words(all);
  for (auto& w : all)
    if (w != "word-5")
      write_file(dir / (w + ".txt"), "essay of " + w);
  BOOST_TEST(map().code == 1); // One is not there.
  BOOST_TEST(seen() == 5u);
  write_file(dir / "word-2.txt", "another essay");
  write_file(dir / "word-3.txt", "essay of word-3"); // Touched.
  std::filesystem::remove(dir / "word-4.txt");       // Gone, but paid for.
  write_file(dir / "word-5.txt", "essay of word-5");
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  BOOST_TEST(seen() == 7u);
  BOOST_TEST(change(end, "documents") == 1u);
  check_words(all);
}

BOOST_AUTO_TEST_CASE(notes_stay_across_a_resume_and_a_change) {
  write_recipe("[[stages]]\nname = \"say\"\nprompt = \"Say {{word}}.\"\ndocuments = "
               "[\"{{word}}.docx\"]\n[output]\nnotes_column = \"notes\"\n");
  auto all = some_words(20);
  write_words(all);
  for (auto& w : all)
    write_file(dir / (w + ".docx"),
               docx_of(docx_p("essay of " + w) +
                       "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>"));
  kill_at(8);
  BOOST_TEST(map().code == 0);
  const auto check_notes = [&] {
    check_words(all);
    const auto lines = lines_of(out);
    for (size_t i = 1; i < lines.size(); ++i)
      BOOST_TEST(lines[i].find("hidden") != std::string::npos, lines[i]);
  };
  check_notes();
  const auto sent = seen();
  std::ranges::reverse(all);
  write_words(all);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(seen() == sent);
  check_notes();
}

BOOST_AUTO_TEST_CASE(the_mark_for_excel_is_there_once_whatever_happens) {
  const std::string mark = "\xef\xbb\xbf";
  const auto write_marked = [&](size_t rows) {
    write_rows(rows);
    write_file(in, mark + read_file(in));
  };
  write_marked(30);
  kill_at(10);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(read_file(out).starts_with(mark + "word,"));
  write_marked(31);
  BOOST_TEST(map().code == 0);
  BOOST_TEST(read_file(out).starts_with(mark + "word,"));
  BOOST_TEST(read_file(out).find(mark, 1) == std::string::npos);
  write_rows(31); // Without.
  BOOST_TEST(map().code == 0);
  BOOST_TEST(read_file(out).starts_with("word,"));
}

BOOST_AUTO_TEST_CASE(a_workbook_is_a_table) {
  const auto workbook = [&](const std::string& rows) {
    const std::string relation = "http://schemas.openxmlformats.org/officeDocument/2006/"
                                 "relationships";
    write_file(
      dir / "in.xlsx",
      zip_of({{"_rels/.rels", "<Relationships><Relationship Id=\"rId1\" Type=\"" + relation +
                                "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"},
              {"xl/workbook.xml", "<workbook xmlns:r=\"" + relation +
                                    "\"><sheets><sheet name=\"Class\" sheetId=\"1\" "
                                    "r:id=\"rId1\"/></sheets></workbook>"},
              {"xl/_rels/workbook.xml.rels",
               "<Relationships><Relationship Id=\"rId1\" Type=\"" + relation +
                 "/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"},
              {"xl/worksheets/sheet1.xml",
               "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"}}));
  };
  const auto row = [](const std::string& word, int points) {
    return "<row><c t=\"inlineStr\"><is><t>" + word + "</t></is></c><c><v>" +
           std::to_string(points) + "</v></c></row>";
  };
  const std::string head = "<row><c t=\"inlineStr\"><is><t>word</t></is></c><c "
                           "t=\"inlineStr\"><is><t>points</t></is></c></row>";
  in = dir / "in.xlsx";
  workbook(head + row("word-0", 3) + row("word-1", 4));
  const auto end = map();
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  check_words({"word-0", "word-1"});
  BOOST_TEST(lines_of(out)[0] == "word,points,say,error");
  BOOST_TEST(lines_of(out)[2].starts_with("word-1,4,"));
  workbook(head + row("word-1", 4) + row("word-0", 3) + row("word-2", 5));
  BOOST_TEST(map().code == 0);
  check_words({"word-1", "word-0", "word-2"});
  BOOST_TEST(seen() == 3u);
}

BOOST_AUTO_TEST_CASE(failed_jsonl_rows_keep_their_id) {
  in = dir / "in.jsonl";
  out = dir / "out.jsonl";
  write_recipe(std::string{plain_recipe} + "[output]\nfailed = \"empty\"\n");
  write_file(in, "{\"id\":7,\"word\":\"word-0\"}\n{\"id\":8,\"word\":\"\xff\"}\n"
                 "{\"id\":\"nine\",\"word\":\"word-2\"}\n");
  upstream.mock->set_faults(faults({"400_param:times=1"}));
  BOOST_TEST(map({"--max-in-flight", "1"}).code == 1);
  const auto lines = lines_of(out);
  BOOST_REQUIRE(lines.size() == 3u);
  const auto id = [&](size_t i) { return boost::json::parse(lines[i]).as_object().at("id"); };
  BOOST_TEST(id(0) == boost::json::value(7));
  BOOST_TEST(id(1) == boost::json::value(8));
  BOOST_TEST(id(2) == boost::json::value("nine"));
  upstream.mock->set_faults({});
  const auto end = map({"--retry-failed"});
  BOOST_TEST(end.code == 1);
  BOOST_TEST(number(end.summary, "completed") == 2u);
  BOOST_TEST(seen() == 3u);
}

BOOST_AUTO_TEST_CASE(an_output_that_was_moved_away_is_written_again) {
  write_rows(10);
  BOOST_TEST(map().code == 0);
  const auto before = read_file(out);
  write_file(out, before + "mine\n");
  const auto end = map();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("move it away") != std::string::npos, end.err);
  std::filesystem::rename(out, out + ".mine");
  BOOST_TEST(map().code == 0);
  BOOST_TEST(read_file(out) == before);
  BOOST_TEST(seen() == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
