#include "core/io/document/document_place.hpp"
#include "core/io/document/document_reader.hpp"
#include "tests/support/temp_dir.hpp"

#include <zip.h>

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

namespace {

/// A PDF of one page for each text. @param trailer More entries of its trailer.
std::string pdf(const std::vector<std::string>& pages, const std::string& trailer = {}) {
  std::vector<std::string> objects{"<</Type/Catalog/Pages 2 0 R>>"};
  std::string kids;
  for (size_t i = 0; i < pages.size(); ++i)
    kids += std::to_string(4 + 2 * i) + " 0 R ";
  objects.push_back("<</Type/Pages/Count " + std::to_string(pages.size()) + "/Kids[" + kids +
                    "]>>");
  objects.push_back("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
  for (size_t i = 0; i < pages.size(); ++i) {
    const auto stream = "BT /F1 12 Tf 72 720 Td (" + pages[i] + ") Tj ET";
    objects.push_back(
      "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents " +
      std::to_string(5 + 2 * i) + " 0 R>>");
    objects.push_back("<</Length " + std::to_string(stream.size()) + ">>stream\n" + stream +
                      "\nendstream");
  }
  std::string out = "%PDF-1.4\n", table;
  for (size_t i = 0; i < objects.size(); ++i) {
    char entry[21];
    std::snprintf(entry, sizeof entry, "%010zu 00000 n \n", out.size());
    table += entry;
    out += std::to_string(i + 1) + " 0 obj" + objects[i] + "endobj\n";
  }
  const auto count = std::to_string(objects.size() + 1);
  return out + "xref\n0 " + count + "\n0000000000 65535 f \n" + table + "trailer<</Size " + count +
         "/Root 1 0 R" + trailer + ">>\nstartxref\n" + std::to_string(out.size()) + "\n%%EOF\n";
}

struct fixture {
  temp_dir dir;

  void write_zip(const std::string& name, const std::string& entry, const std::string& bytes) {
    int fault = 0;
    auto* archive = zip_open((dir / name).c_str(), ZIP_CREATE | ZIP_TRUNCATE, &fault);
    BOOST_REQUIRE(archive);
    auto* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    zip_file_add(archive, entry.c_str(), source, ZIP_FL_OVERWRITE);
    BOOST_REQUIRE(zip_close(archive) == 0);
  }
  void write_docx(const std::string& name, const std::string& body) {
    write_zip(name, "word/document.xml",
              R"(<?xml version="1.0"?><w:document xmlns:w="http://x"><w:body>)" + body +
                "</w:body></w:document>");
  }
  result<document> read(const std::string& name, io::document_options options = {}) {
    options.folder = dir / "";
    return io::read_document(name, options);
  }
  std::string text(const std::string& name) {
    auto d = read(name);
    BOOST_REQUIRE_MESSAGE(d, d.error().context);
    BOOST_TEST((d->kind == document_kind::text));
    BOOST_TEST(d->name == name);
    return d->data;
  }
  std::string fault(const std::string& name, const io::document_options& options = {}) {
    auto d = read(name, options);
    BOOST_REQUIRE_MESSAGE(!d, name);
    BOOST_TEST((d.error().code == errc::invalid_input));
    BOOST_TEST(d.error().context.starts_with("document \"" + name + "\" "), d.error().context);
    return d.error().context;
  }
};

bool has(const std::string& text, std::string_view words) {
  if (text.find(words) != std::string::npos)
    return true;
  BOOST_TEST_MESSAGE(text);
  return false;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(document_reader, fixture)

BOOST_AUTO_TEST_CASE(plain_text_comes_as_it_is) {
  write_file(dir / "a.md", "\xef\xbb\xbf# Ü\n");
  BOOST_TEST(text("a.md") == "# Ü\n");
  std::filesystem::create_directory(dir / "sub");
  write_file(dir / "sub/b.txt", "b");
  BOOST_TEST(read("sub/../sub/b.txt")->data == "b");
}

BOOST_AUTO_TEST_CASE(the_words_of_a_pdf_come_page_by_page) {
  write_file(dir / "a.pdf", pdf({"First page", "Second page"}));
  const auto words = text("a.pdf");
  const auto second = words.find("Second page");
  BOOST_TEST(words.find("First page") < second);
  BOOST_TEST(second != std::string::npos);
  BOOST_TEST(words.find('\f') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pdf_goes_along_as_it_is_if_asked) {
  const auto bytes = pdf({"First page"});
  write_file(dir / "a.pdf", bytes);
  auto d = read("a.pdf", {.folder = {}, .pdf_as_text = false});
  BOOST_REQUIRE(d);
  BOOST_TEST((d->kind == document_kind::file));
  BOOST_TEST(d->media_type == "application/pdf");
  BOOST_TEST(d->data == bytes);
}

BOOST_AUTO_TEST_CASE(broken_locked_and_scanned_pdfs_say_what_to_do) {
  write_file(dir / "cut.pdf", "%PDF-1.4\nnothing");
  BOOST_TEST(has(fault("cut.pdf"), "damaged PDF"));
  write_file(dir / "scan.pdf", pdf({""}));
  BOOST_TEST(has(fault("scan.pdf"), "has no words: page 1 is blank"));
  const std::string key(64, 'A');
  write_file(dir / "locked.pdf", pdf({"Secret"}, "/ID[<" + key + "><" + key +
                                                   ">]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" +
                                                   key + ">/U<" + key + ">>>"));
  BOOST_TEST(has(fault("locked.pdf"), "without a password"));
  BOOST_TEST(has(fault("locked.pdf", {.folder = {}, .pdf_as_text = false}), "without a password"));
  write_file(dir / "long.pdf", pdf(std::vector<std::string>(5, std::string(50, 'x'))));
  BOOST_TEST(has(
    fault("long.pdf", {.folder = {}, .pdf_as_text = true, .file_max = 1u << 25, .text_max = 100}),
    "more than 100 bytes of words"));
}

BOOST_AUTO_TEST_CASE(a_docx_gives_paragraphs_lists_and_tables) {
  write_docx("a.docx",
             R"(<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>Title</w:t></w:r></w:p>
    <w:p><w:r><w:t xml:space="preserve">One &amp; </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>
    <w:hyperlink><w:r><w:t>two</w:t><w:br/><w:t>three</w:t></w:r></w:hyperlink></w:p>
    <w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>point</w:t></w:r></w:p><w:p/>
    <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc>
    <w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
    <w:sdt><w:sdtContent><w:p><w:r><w:t>end</w:t></w:r></w:p></w:sdtContent></w:sdt>)");
  const auto words = text("a.docx");
  BOOST_TEST(has(words, "## Title\n\nOne & "));
  BOOST_TEST(has(words, "two\nthree\n\n- point\n\n| a b | c |\n\nend"));
  BOOST_TEST(words.find("gone") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(broken_and_foreign_archives_are_told_apart) {
  write_zip("a.xlsx", "xl/workbook.xml", "<x/>");
  BOOST_TEST(has(fault("a.xlsx"), "no DOCX"));
  write_zip("b.docx", "word/document.xml", "<w:document><w:body>");
  BOOST_TEST(has(fault("b.docx"), "damaged DOCX"));
  write_docx("c.docx", "<w:p/>");
  BOOST_TEST(has(fault("c.docx"), "has no words"));
  write_docx("d.docx", "<w:p><w:r><w:t>" + std::string(3000, 'x') + "</w:t></w:r></w:p>");
  auto bytes = read_file(dir / "d.docx");
  write_file(dir / "cut.docx", bytes.substr(0, bytes.size() / 2));
  BOOST_TEST(has(fault("cut.docx"), "damaged DOCX"));
  write_file(dir / "old.doc", "\xd0\xcf\x11\xe0\xa1\xb1");
  BOOST_TEST(has(fault("old.doc"), "save it as DOCX"));
}

BOOST_AUTO_TEST_CASE(an_archive_that_swells_is_stopped) {
  write_docx("bomb.docx", "<w:p><w:r><w:t>" + std::string(20u << 20, ' ') + "x</w:t></w:r></w:p>");
  BOOST_TEST(std::filesystem::file_size(dir / "bomb.docx") < 100'000u);
  BOOST_TEST(
    has(fault("bomb.docx",
              {.folder = {}, .pdf_as_text = true, .file_max = 1u << 25, .text_max = 1u << 20}),
        "unpacks to more than 8 MiB"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "<w:ins>";
  for (int i = 0; i < 100'000; ++i)
    deep += "</w:ins>";
  write_docx("deep.docx", deep);
  BOOST_TEST(has(fault("deep.docx"), "is nested deeper"));
}

BOOST_AUTO_TEST_CASE(images_are_known_by_their_bytes) {
  write_file(dir / "a.txt", "\x89PNG\r\n\x1a\n123");
  BOOST_TEST(read("a.txt")->media_type == "image/png");
  write_file(dir / "b", "\xff\xd8\xff\xe0");
  BOOST_TEST((read("b")->kind == document_kind::image));
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named) {
  BOOST_TEST(has(fault("none.pdf"), "is not there"));
  write_file(dir / "empty.txt", "");
  BOOST_TEST(has(fault("empty.txt"), "is empty"));
  write_file(dir / "blank.txt", " \n");
  BOOST_TEST(has(fault("blank.txt"), "has no words"));
  write_file(dir / "a.bin", std::string_view{"a\0b", 3});
  BOOST_TEST(has(fault("a.bin"), "neither PDF"));
  write_file(dir / "utf16.txt", "\xff\xfe"
                                "a");
  BOOST_TEST(has(fault("utf16.txt"), "iconv"));
  std::filesystem::create_directory(dir / "sub");
  BOOST_TEST(has(fault("sub"), "is a folder"));
  BOOST_REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  BOOST_TEST(has(fault("pipe"), "no regular file"));
  write_file(dir / "large.txt", std::string(100, 'x'));
  BOOST_TEST(
    has(fault("large.txt", {.folder = {}, .pdf_as_text = true, .file_max = 99}), "is larger than"));
  BOOST_TEST(has(
    fault("large.txt", {.folder = {}, .pdf_as_text = true, .file_max = 1u << 25, .text_max = 99}),
    "more than 99 bytes"));
}

BOOST_AUTO_TEST_CASE(rows_cannot_send_files_from_elsewhere) {
  std::filesystem::create_directory(dir / "inner");
  write_file(dir / "secret.txt", "s");
  std::filesystem::create_symlink(dir / "secret.txt", dir / "inner/link.txt");
  for (auto name : {std::string{"../secret.txt"}, std::string{"/etc/hostname"},
                    std::string{"link.txt"}, dir / "secret.txt"}) {
    auto d = io::read_document(name, {.folder = dir / "inner"});
    BOOST_REQUIRE_MESSAGE(!d, name);
    BOOST_TEST(has(d.error().context, "outside of the documents' folder"));
  }
}

BOOST_AUTO_TEST_CASE(damage_to_a_document_harms_nothing_else) {
  write_docx("good.docx", "<w:p><w:r><w:t>some words of a document</w:t></w:r></w:p>");
  const auto good = read_file(dir / "good.docx");
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 rng{seed};
    auto bytes = good;
    for (auto n = 1 + rng() % 4; n > 0; --n)
      bytes[rng() % bytes.size()] = static_cast<char>(rng());
    write_file(dir / "bad.docx", bytes);
    auto d = read("bad.docx");
    BOOST_TEST((d || !d.error().context.empty()), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(names_of_files_are_alike_in_both_forms_of_unicode) {
  BOOST_TEST(io::decomposed("Müller.pdf") == "Mu\xcc\x88ller.pdf");
  BOOST_TEST(io::decomposed("Mu\xcc\x88ller.pdf") == "Mu\xcc\x88ller.pdf");
  BOOST_TEST(io::decomposed("ế") == io::decomposed("ê\xcc\x81"));
  BOOST_TEST(io::decomposed("한") == "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab");
  BOOST_TEST(io::decomposed("й") == "и\xcc\x86");
  BOOST_TEST(io::decomposed("plain \xff") == "plain \xff");
}

BOOST_AUTO_TEST_SUITE_END()
