#include "core/io/document/document_reader.hpp"
#include "core/io/document/pdf_text.hpp"
#include "core/io/document/tool_process.hpp"
#include "tests/support/document_folder.hpp"
#include "tests/support/documents.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

BOOST_FIXTURE_TEST_SUITE(document_folder, folder_fixture)

BOOST_AUTO_TEST_CASE(each_of_a_folder_is_read_rightly_or_refused_by_name) {
  const auto all = folder();
  BOOST_TEST(all.size() >= 40u);
  for (auto& entry : all)
    check(entry);
}

BOOST_AUTO_TEST_CASE(comments_and_changes_follow_the_rules) {
  docx_plan plan;
  plan.relations = {{"comments", "comments.xml"}};
  plan.parts = {{"word/comments.xml", "<w:comments><w:comment w:id=\"0\" w:author=\"Ann\">" +
                                        docx_p("why?") + "</w:comment></w:comments>"}};
  const auto bytes = docx_of(
    "<w:p><w:r><w:t>I </w:t></w:r><w:del><w:r><w:delText>hate</w:delText></w:r></w:del><w:ins><w:r>"
    "<w:t>love</w:t></w:r></w:ins><w:r><w:t> it</w:t></w:r><w:r><w:commentReference w:id=\"0\"/>"
    "</w:r></w:p>",
    plan);
  BOOST_TEST(words("a.docx", bytes) == "I love it");
  BOOST_TEST(words("a.docx", bytes, {.changes = change_mode::reject}) == "I hate it");
  BOOST_TEST(
    words("a.docx", bytes, {.comments = comment_mode::show, .changes = change_mode::show}) ==
    "I [deleted: hate][inserted: love] it[comment by Ann: why?]");
  const std::string rtf =
    R"({\rtf1 I {\deleted hate}{\revised love} it{\*\atnauthor Ann}{\*\annotation why?}})";
  BOOST_TEST(words("a.rtf", rtf) == "I love it");
  BOOST_TEST(words("a.rtf", rtf, {.changes = change_mode::reject}) == "I hate it");
  BOOST_TEST(words("a.rtf", rtf, {.comments = comment_mode::show, .changes = change_mode::show}) ==
             "I [deleted: hate][inserted: love] it[comment by Ann: why?]");
  const auto odt = odt_of(
    "<text:tracked-changes><text:changed-region text:id=\"a\"><text:deletion><text:p>hate</text:p>"
    "</text:deletion></text:changed-region><text:changed-region text:id=\"b\"><text:insertion/>"
    "</text:changed-region></text:tracked-changes><text:p>I <text:change text:change-id=\"a\"/>"
    "<text:change-start text:change-id=\"b\"/>love<text:change-end text:change-id=\"b\"/> it"
    "<office:annotation><dc:creator>Ann</dc:creator><text:p>why?</text:p></office:annotation>"
    "</text:p>");
  BOOST_TEST(words("a.odt", odt) == "I love it");
  BOOST_TEST(words("a.odt", odt, {.changes = change_mode::reject}) == "I hate it");
  BOOST_TEST(words("a.odt", odt, {.comments = comment_mode::show, .changes = change_mode::show}) ==
             "I [deleted: hate][inserted: love] it[comment by Ann: why?]");
}

BOOST_AUTO_TEST_CASE(equations_keep_their_structure) {
  const auto part = [](const std::string& name, const std::string& text) {
    return "<m:" + name + ">" + mr(text) + "</m:" + name + ">";
  };
  const std::pair<std::string, std::string> equations[]{
    {"<m:sSub>" + part("e", "a") + part("sub", "n+1") + "</m:sSub>", "a_(n+1)"},
    {"<m:sSubSup>" + part("e", "x") + part("sub", "i") + part("sup", "2") + "</m:sSubSup>",
     "x_i^2"},
    {"<m:rad>" + part("deg", "3") + part("e", "y") + "</m:rad>", "root[3](y)"},
    {"<m:nary><m:naryPr><m:chr m:val=\"\u2211\"/></m:naryPr>" + part("sub", "i=1") +
       part("sup", "n") + part("e", "i") + "</m:nary>",
     "\u2211_(i=1)^n i"},
    {"<m:func><m:fName>" + mr("sin") + "</m:fName>" + part("e", "x") + "</m:func>", "sin(x)"},
    {"<m:m><m:mr>" + part("e", "1") + part("e", "2") + "</m:mr><m:mr>" + part("e", "3") +
       part("e", "4") + "</m:mr></m:m>",
     "[1, 2; 3, 4]"},
    {"<m:d><m:dPr><m:begChr m:val=\"[\"/><m:endChr m:val=\")\"/></m:dPr>" + part("e", "0,1") +
       "</m:d>",
     "[0,1)"},
  };
  for (auto& [xml, shown] : equations)
    BOOST_TEST(words("m.docx", docx_of(math(xml))) == shown);
}

BOOST_AUTO_TEST_CASE(scanned_pages_are_sent_if_asked) {
  const auto bytes = pdf_of({pdf_at(72, 720, "Words of the first page, enough of them"), pdf_scan});
  write_file(dir / "a.pdf", bytes);
  auto d = read("a.pdf", {.scanned = scanned_mode::send});
  BOOST_REQUIRE_MESSAGE(d, d.error().context);
  BOOST_TEST((d->kind == document_kind::file));
  BOOST_TEST(d->data == bytes);
  BOOST_REQUIRE(d->notes.size() == 1u);
  BOOST_TEST(d->notes[0] ==
             "document \"a.pdf\": has no words on page 2 of 2; it was sent as a PDF file");
}

BOOST_AUTO_TEST_CASE(names_of_other_systems_find_their_files) {
  std::filesystem::create_directory(dir / "M\u00fcller");
  write_file(dir / "M\u00fcller/re\u0301sume\u0301.txt", "words");
  BOOST_TEST(read("M\u00fcller/re\u0301sume\u0301.txt").has_value());
  BOOST_TEST(read("M\u00fcller/r\u00e9sum\u00e9.txt").has_value());
  BOOST_TEST(read("Mu\u0308ller/r\u00e9sum\u00e9.txt").has_value());
  BOOST_TEST(read("M\u00fcller\\r\u00e9sum\u00e9.txt").has_value());
  write_file(dir / "\ud55c.txt", "words");
  BOOST_TEST(read("\u1112\u1161\u11ab.txt").has_value());
  auto wrong = read("M\u00fcller/resumee.txt");
  BOOST_REQUIRE(!wrong);
  BOOST_TEST((wrong.error().context.find("is not there") != std::string::npos));
  BOOST_TEST(!read("..\\secret.txt").has_value());
}

BOOST_AUTO_TEST_CASE(prose_in_columns_is_told_from_tables) {
  BOOST_TEST(io::is_in_columns("The first column begins with     The second column answers\n"
                               "a claim about the sea, and       that the land is what counts\n"));
  BOOST_TEST(!io::is_in_columns("Criterion   Excellent   Poor\nThesis      clear       missing\n"));
  BOOST_TEST(!io::is_in_columns("Thesis   The thesis is clear and bold   The thesis is missing or\n"
                                "         and argued for in each         cannot be found at all\n"
                                "         paragraph of the whole text    anywhere in the text\n"));
  BOOST_TEST(!io::is_in_columns("One line of prose.\nAnother line of prose.\n"));
  BOOST_TEST(!io::is_in_columns(""));
  BOOST_TEST(io::page_list({1, 3, 7, 8, 9}) == "1, 3 and 7 to 9");
}

BOOST_AUTO_TEST_CASE(a_tool_is_bound_in_time_and_output) {
  io::tool_limits limits;
  limits.time_max = std::chrono::milliseconds{50};
  auto slow = io::run_tool({"sleep", "600"}, limits, "coreutils");
  BOOST_REQUIRE(slow);
  BOOST_TEST((slow->ended == io::tool_end::how::timed_out));
  limits = {};
  limits.output_max = 1000;
  auto loud = io::run_tool({"yes"}, limits, "coreutils");
  BOOST_REQUIRE(loud);
  BOOST_TEST((loud->ended == io::tool_end::how::too_long));
  auto none = io::run_tool({"no-such-tool"}, limits, "some-package");
  BOOST_REQUIRE(!none);
  BOOST_TEST((none.error().context.find("install some-package") != std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()
