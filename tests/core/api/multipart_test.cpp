#include "core/api/multipart.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace penstock;

namespace {

struct collected : core::multipart_reader::taker {
  struct part {
    std::string name, filename, data;
    bool ended = false;
    bool operator==(const part&) const = default;
  };
  std::vector<part> parts;
  void begin(const std::string& name, const std::string& filename) override {
    parts.push_back({name, filename, {}, false});
  }
  void data(std::string_view bytes) override { parts.back().data += bytes; }
  void end() override { parts.back().ended = true; }
};

constexpr std::string_view type = "multipart/form-data; boundary=\"a b'c\"";

const std::string body =
  "preamble\r\n--a b'c\r\n"
  "Content-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
  "--a b'c  \r\n"
  "content-type: text/plain\r\n"
  "content-disposition: form-data; filename=\"x \\\"y\\\".jsonl\"; name=file\r\n"
  "\r\nline\r\n--a b\r\n\r\n--a b'\r\n\r\n--a b'c\r\n"
  "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--a b'c--\r\nepilogue";

} // namespace

BOOST_AUTO_TEST_SUITE(multipart)

BOOST_AUTO_TEST_CASE(any_pieces_give_the_same_parts) {
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    collected got;
    core::multipart_reader reader{type, got};
    for (size_t at = 0; at < body.size(); at += piece)
      BOOST_REQUIRE(reader.take(std::string_view{body}.substr(at, piece)));
    BOOST_REQUIRE(reader.is_complete());
    BOOST_REQUIRE(got.parts.size() == 3u);
    BOOST_TEST((got.parts[0] == collected::part{"purpose", "", "batch", true}));
    BOOST_TEST((got.parts[1] ==
                collected::part{"file", "x \"y\".jsonl", "line\r\n--a b\r\n\r\n--a b'\r\n", true}));
    BOOST_TEST((got.parts[2] == collected::part{"empty", "", "", true}));
  }
}

BOOST_AUTO_TEST_CASE(a_cut_body_is_not_complete) {
  for (size_t size = 0; size < body.size() - std::string_view{"--\r\nepilogue"}.size(); ++size) {
    collected got;
    core::multipart_reader reader{type, got};
    reader.take(std::string_view{body}.substr(0, size));
    BOOST_TEST(!reader.is_complete());
  }
}

BOOST_AUTO_TEST_CASE(rubbish_is_refused_within_bounds) {
  collected got;
  for (auto wrong : {"", "application/json", "multipart/form-data",
                     "multipart/form-data; boundary=", "multipart/mixed; boundary=x",
                     "multipart/form-data; xboundary=y"}) {
    core::multipart_reader reader{wrong, got};
    BOOST_TEST(!reader.has_boundary(), wrong);
    BOOST_TEST(!reader.take("--x\r\n"), wrong);
  }
  core::multipart_reader endless{"multipart/form-data; boundary=x", got};
  BOOST_TEST(endless.take("--x\r\n"));
  bool goes_on = true;
  for (int n = 0; n < 100 && goes_on; ++n)
    goes_on = endless.take(std::string(1000, 'h'));
  BOOST_TEST(!goes_on); // A head without an end.
  core::multipart_reader nameless{"multipart/form-data; boundary=x", got};
  BOOST_TEST(!nameless.take("--x\r\ncontent-disposition: form-data\r\n\r\n"));
  core::multipart_reader tail{"multipart/form-data; boundary=x", got};
  BOOST_TEST(!tail.take("--xyz\r\n"));
}

BOOST_AUTO_TEST_SUITE_END()
