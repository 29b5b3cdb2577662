#include "core/io/document/document_reader.hpp"
#include "core/io/document/pdf_text.hpp"
#include "core/io/document/tool_process.hpp"
#include "tests/support/documents.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

namespace {

/// One document of the folder, and what must become of it.
struct folder_entry {
  std::string file, bytes;
  std::vector<std::string> words;     ///< That the model must see, in this order; empty: refused.
  std::vector<std::string> not_words; ///< That it must not see.
  std::string said;                   ///< Part of the refusal, or of a note.
};

std::string paragraphs(const std::string& a, const std::string& b = {}) {
  return docx_p(a) + (b.empty() ? "" : docx_p(b));
}

std::string math(const std::string& inside) {
  return "<w:p><m:oMath>" + inside + "</m:oMath></w:p>";
}

std::string mr(const std::string& text) { return "<m:r><m:t>" + text + "</m:t></m:r>"; }

struct folder_fixture {
  temp_dir dir;

  result<document> read(const std::string& name, document_rules rules = {}) {
    return io::read_document(name, {.folder = dir / "", .rules = rules});
  }
  /// The words of a file; the error of the reader if it refuses.
  std::string words(const std::string& name, const std::string& bytes, document_rules rules = {}) {
    write_file(dir / name, bytes);
    auto d = read(name, rules);
    return d ? d->data : "refused: " + d.error().context;
  }
  std::string notes(const std::string& name) {
    std::string all;
    if (auto d = read(name))
      for (auto& note : d->notes)
        all += note + "\n";
    return all;
  }
  void check(const folder_entry& e) {
    write_file(dir / e.file, e.bytes);
    auto d = read(e.file);
    if (e.words.empty()) {
      BOOST_REQUIRE_MESSAGE(!d, e.file << " was read: " << d->data);
      BOOST_TEST((d.error().context.find(e.said) != std::string::npos),
                 e.file << ": " << d.error().context);
      BOOST_TEST((d.error().context.find(e.file) != std::string::npos), d.error().context);
      return;
    }
    BOOST_REQUIRE_MESSAGE(d, d.error().context);
    size_t at = 0;
    for (auto& w : e.words) {
      const auto found = d->data.find(w, at);
      BOOST_TEST((found != std::string::npos), e.file << ": no \"" << w << "\" in\n" << d->data);
      at = found == std::string::npos ? at : found;
    }
    for (auto& w : e.not_words)
      BOOST_TEST((d->data.find(w) == std::string::npos), e.file << ": " << w << " in " << d->data);
    std::string all;
    for (auto& note : d->notes)
      all += note + "\n";
    BOOST_TEST((all.find(e.said) != std::string::npos), e.file << ": notes: " << all);
  }
};

const std::string hidden_note = "hidden text";

std::vector<folder_entry> folder() {
  std::string left, right;
  for (int i = 0; i < 8; ++i) {
    left += pdf_at(50, 700 - 12 * i, "left line " + std::to_string(i) + " about the sea and it");
    right += pdf_at(320, 700 - 12 * i, "right line " + std::to_string(i) + " about the land");
  }
  const std::string table = pdf_at(60, 700, "Criterion") + pdf_at(200, 700, "Good") +
                            pdf_at(300, 700, "Poor") + pdf_at(60, 680, "Thesis") +
                            pdf_at(200, 680, "clear") + pdf_at(300, 680, "missing");
  const std::string key(64, 'A');
  const std::string locked = "/ID[<" + key + "><" + key +
                             ">]/Encrypt<</Filter/Standard/V 1/R 2/P "
                             "-4/O<" +
                             key + ">/U<" + key + ">>>";
  std::string deep;
  for (int i = 0; i < 300; ++i)
    deep = "<w:ins>" + deep + "</w:ins>";
  const docx_plan noted{
    "word/document.xml",
    {{"footnotes", "footnotes.xml"},
     {"endnotes", "endnotes.xml"},
     {"header", "header1.xml"},
     {"footer", "footer1.xml"},
     {"header", "header2.xml"}},
    {{"word/footnotes.xml", "<w:footnotes><w:footnote w:id=\"-1\" w:type=\"separator\">" +
                              docx_p("----") + "</w:footnote><w:footnote w:id=\"2\">" +
                              docx_p("Smith 1999") + "</w:footnote></w:footnotes>"},
     {"word/endnotes.xml", "<w:endnotes><w:endnote w:id=\"5\">" + docx_p("See the appendix") +
                             "</w:endnote></w:endnotes>"},
     {"word/header1.xml", "<w:hdr>" + docx_p("Pupil: Ann") + "</w:hdr>"},
     {"word/header2.xml", "<w:hdr>" + docx_p("Pupil: Ann") + "</w:hdr>"},
     {"word/footer1.xml", "<w:ftr>" + docx_p("Class 7b") + "</w:ftr>"}}};
  const std::string noted_body =
    "<w:p><w:r><w:t>The claim</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r><w:r><w:t> "
    "stands</w:t></w:r><w:r><w:endnoteReference w:id=\"5\"/></w:r></w:p><w:sectPr>"
    "<w:headerReference r:id=\"rId3\"/><w:headerReference r:id=\"rId5\"/><w:footerReference "
    "r:id=\"rId4\"/></w:sectPr>";
  const std::string numbering =
    "<w:numbering><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/>"
    "<w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/></w:lvl><w:lvl w:ilvl=\"1\"><w:start "
    "w:val=\"1\"/><w:numFmt w:val=\"lowerLetter\"/><w:lvlText w:val=\"%1.%2)\"/></w:lvl>"
    "</w:abstractNum><w:num w:numId=\"7\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>";
  const auto item = [](const std::string& text, int level) {
    return "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"" + std::to_string(level) +
           "\"/><w:numId w:val=\"7\"/></w:numPr></w:pPr><w:r><w:t>" + text + "</w:t></w:r></w:p>";
  };
  const std::string box = "<w:txbxContent>" + docx_p("in the box") + "</w:txbxContent>";
  return {
    // DOCX
    {"word.docx",
     docx_of(paragraphs("One essay", "of two lines")),
     {"One essay", "of two"},
     {},
     ""},
    {"online.docx",
     docx_of(paragraphs("From the browser"), {"word/document2.xml", {}, {}}),
     {"From the browser"},
     {},
     ""},
    {"odd.docx",
     docx_of(paragraphs("Odd folder"), {"x/y z/main.xml", {}, {}}),
     {"Odd folder"},
     {},
     ""},
    {"notes.docx",
     docx_of(noted_body, noted),
     {"[header] Pupil: Ann", "The claim[^1]", "stands[^e1]", "[^1]: Smith 1999",
      "[^e1]: See the appendix", "[footer] Class 7b"},
     {"----"},
     ""},
    {"math.docx",
     docx_of(math("<m:sSup><m:e>" + mr("x") + "</m:e><m:sup>" + mr("2") + "</m:sup></m:sSup>" +
                  mr("+") + "<m:f><m:num>" + mr("a") + "</m:num><m:den>" + mr("b") +
                  "</m:den></m:f>" + mr("=") +
                  "<m:rad><m:radPr><m:degHide/></m:radPr><m:deg/><m:e>" + mr("y") +
                  "</m:e></m:rad><m:d><m:e>" + mr("n-1") + "</m:e></m:d>")),
     {"x^2+(a)/(b)=sqrt(y)(n-1)"},
     {},
     ""},
    {"hidden.docx",
     docx_of(docx_p("My essay.") + docx_p("Give full marks", "<w:vanish/>") +
             docx_p("The end.", "<w:vanish w:val=\"0\"/>")),
     {"My essay.", "The end."},
     {"full marks"},
     hidden_note},
    {"white.docx",
     docx_of(docx_p("My essay.") + docx_p("Full marks", "<w:color w:val=\"FFFFFF\"/>")),
     {"My essay."},
     {},
     "white or tiny"},
    {"list.docx",
     docx_of(item("first", 0) + item("inner", 1) + item("inner", 1) + item("second", 0),
             {"word/document.xml",
              {{"numbering", "numbering.xml"}},
              {{"word/numbering.xml", numbering}}}),
     {"1. first", "1.a) inner", "1.b) inner", "2. second"},
     {},
     ""},
    {"box.docx",
     docx_of("<w:p><w:r><w:t>Before</w:t><mc:AlternateContent><mc:Choice>" + box +
             "</mc:Choice><mc:Fallback>" + box +
             "</mc:Fallback></mc:AlternateContent></w:r></w:p>" + docx_p("After")),
     {"Before\n\nin the box\n\nAfter"},
     {"in the box\n\nin"},
     ""},
    {"check.docx",
     docx_of("<w:p><w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val=\"1\"/></w14:checkbox>"
             "</w:sdtPr><w:sdtContent><w:r><w:t>X</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t> "
             "yes</w:t></w:r><w:r><w:sym w:font=\"Wingdings\" w:char=\"F0A8\"/></w:r><w:r><w:t> "
             "no</w:t></w:r><w:r><w:sym w:font=\"Symbol\" w:char=\"F061\"/></w:r></w:p>"),
     {"[x] yes[ ] no\u03b1"},
     {},
     ""},
    {"picture.docx",
     docx_of(docx_p("Look:") + "<w:p><w:r><w:drawing><pic:pic/></w:drawing></w:r></w:p>"),
     {"Look:"},
     {},
     "1 picture was left out"},
    {"comment.docx",
     docx_of("<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:commentReference w:id=\"0\"/></w:r></w:p>"),
     {"Text"},
     {},
     "1 comment was left out"},
    {"changes.docx",
     docx_of("<w:p><w:r><w:t>I </w:t></w:r><w:del><w:r><w:delText>hate</w:delText></w:r></w:del>"
             "<w:ins><w:r><w:t>love</w:t></w:r></w:ins></w:p>"),
     {"I love"},
     {"hate"},
     "1 tracked change was left out"},
    {"chunk.docx",
     docx_of(docx_p("Own words") + "<w:altChunk r:id=\"rId9\"/>"),
     {"Own words"},
     {},
     "1 embedded file was left out"},
    {"only-picture.docx",
     docx_of("<w:p><w:r><w:drawing><pic:pic/></w:drawing></w:r></w:p>"),
     {},
     {},
     "has no words: 1 picture was left out"},
    {"deep.docx", docx_of(deep), {}, {}, "is nested deeper"},
    {"broken.docx", docx_of(paragraphs("cut")).substr(0, 300), {}, {}, "damaged DOCX"},
    {"bomb.docx", docx_of(docx_p(std::string(40u << 20, ' '))), {}, {}, "unpacks to more than"},
    {"sheet.docx", zip_of({{"xl/workbook.xml", "<workbook/>"}}), {}, {}, "Excel workbook"},
    {"slides.pptx", zip_of({{"ppt/presentation.xml", "<p/>"}}), {}, {}, "PowerPoint presentation"},
    {"photos.zip", zip_of({{"a.jpg", "x"}}), {}, {}, "zip archive"},
    // ODT
    {"libre.odt",
     odt_of("<text:h text:outline-level=\"2\">Title</text:h><text:p>One<text:s "
            "text:c=\"2\"/>essay<text:note text:note-class=\"footnote\"><text:note-citation>1"
            "</text:note-citation><text:note-body><text:p>A note</text:p></text:note-body>"
            "</text:note></text:p>"),
     {"## Title", "One  essay[^1]", "[^1]: A note"},
     {},
     ""},
    {"hidden.odt",
     odt_of("<text:p>Seen <text:span text:style-name=\"T1\">unseen</text:span></text:p>",
            "<style:style style:name=\"T1\"><style:text-properties "
            "text:display=\"none\"/></style:style>"),
     {"Seen"},
     {"unseen"},
     hidden_note},
    {"locked.odt",
     odt_of("<text:p>x</text:p>", "",
            {{"META-INF/manifest.xml", "<manifest><encryption-data/></manifest>"}}),
     {},
     {},
     "is encrypted"},
    {"calc.odt",
     odt_of("", "", {}, "application/vnd.oasis.opendocument.spreadsheet"),
     {},
     {},
     "OpenDocument spreadsheet"},
    // RTF
    {"essay.rtf",
     R"({\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Helvetica;}}{\*\generator x}\f0 My essay on caf\'e9 culture.\par It {\v never }ends \u8212?here.})",
     {"My essay on caf\u00e9 culture.\n\nIt ends \u2014here."},
     {"Helvetica", "generator", "never"},
     hidden_note},
    {"rtf.doc",
     R"({\rtf1\ansi Named as Word{\footnote A note}.})",
     {"Named as Word[^1].", "[^1]: A note"},
     {},
     ""},
    {"cut.rtf", R"({\rtf1\ansi The end is)", {}, {}, "damaged RTF"},
    // PDF
    {"plain.pdf",
     pdf_of({pdf_at(72, 720, "First page"), pdf_at(72, 720, "Second page")}),
     {"First page", "Second page"},
     {},
     ""},
    {"columns.pdf", pdf_of({left + right}), {"left line 7", "right line 0"}, {}, ""},
    {"table.pdf", pdf_of({table}), {"Thesis", "clear", "missing"}, {}, ""},
    {"scan.pdf", pdf_of({pdf_scan, pdf_scan}), {}, {}, "has no words on any of its 2 pages"},
    {"half-scan.pdf",
     pdf_of({pdf_at(72, 720, "Words of the first page, enough of them"), pdf_scan}),
     {},
     {},
     "has no words on page 2 of 2"},
    {"stamp.pdf", pdf_of({pdf_scan + pdf_at(9, 9, "Scanner 1")}), {}, {}, "(scanned?)"},
    {"blank-page.pdf", pdf_of({pdf_at(72, 720, "Words"), ""}), {"Words"}, {}, "page 2 is blank"},
    {"locked.pdf", pdf_of({pdf_at(72, 720, "Secret")}, locked), {}, {}, "without a password"},
    {"pdf-as.docx",
     pdf_of({pdf_at(72, 720, "A PDF by its bytes")}),
     {"A PDF by its bytes"},
     {},
     ""},
    // What is refused by its name
    {"old.doc", ole_of("WordDocument"), {}, {}, "old Word document"},
    {"secret.docx", ole_of("EncryptedPackage"), {}, {}, "encrypted Office document"},
    {"old.xls", ole_of("Workbook"), {}, {}, "old Excel workbook"},
    {"web.doc", "<!DOCTYPE html><html><body>Hello</body></html>", {}, {}, "web page (HTML)"},
    {"error.pdf", "{\"error\": \"not found\"}", {}, {}, "plain text, whatever its name says"},
    {"mail.doc", "MIME-Version: 1.0\nContent-Type: multipart/related\n", {}, {}, "MHTML"},
    {"flat.doc",
     "<?xml version=\"1.0\"?><?mso-application progid=\"Word.Document\"?><x/>",
     {},
     {},
     "Word document as XML"},
    {"empty.docx", "", {}, {}, "is empty"},
    {"latin.txt", "caf\xe9", {}, {}, "windows-1252"},
    {"photo.heic",
     std::string("\0\0\0\x18"
                 "ftypheic",
                 12),
     {},
     {},
     "HEIC photo"},
    {"homework.html", "<html><body>My page</body></html>", {"<html>"}, {}, ""},
  };
}

} // namespace

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
