#include "core/pack/pack.hpp"
#include "tests/support/mock_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
namespace json = boost::json;

namespace {

constexpr auto chat_path = "/v1/chat/completions";

/// Requests with different texts, and the answers of the mock to them, alone and packed.
struct packed_requests {
  explicit packed_requests(size_t n, const std::string& more = "",
                           core::pack_style style = core::pack_style::schema) {
    for (size_t i = 0; i < n; ++i) {
      core::request r;
      r.index = i;
      r.custom_id = "r" + std::to_string(i);
      r.url = chat_path;
      r.model = "m";
      r.body = core::make_payload(
        R"({"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"item )" +
        std::to_string(i) + R"( says \"hello\",\n and more"}])" + more + "}");
      requests.push_back(std::move(r));
    }
    std::vector<const core::request*> members;
    for (const auto& r : requests)
      members.push_back(&r);
    auto composed = core::compose_pack(members, style, 7);
    if (!composed)
      BOOST_FAIL(composed.error().context);
    pack = std::move(*composed);
  }

  /// The answers to the entries; "-" for a wrong one.
  std::vector<std::string> packed(const mock_fixture& m, const std::string& headers = "") const {
    const auto answer = m.post(chat_path, *pack.what.body, headers);
    const auto reply = core::take_apart(pack, m.body_of(answer), {});
    std::vector<std::string> out;
    for (const auto& a : reply.answers)
      out.push_back(a ? text_of(a->body) : "-");
    return out;
  }
  std::vector<std::string> alone(const mock_fixture& m) const {
    std::vector<std::string> out;
    for (const auto& r : requests)
      out.push_back(text_of(m.body_of(m.post(chat_path, *r.body))));
    return out;
  }
  static std::string text_of(const std::string& body) {
    return std::string{
      json::parse(body).at("choices").at(0).at("message").at("content").as_string()};
  }

  std::vector<core::request> requests;
  core::pack pack;
};

std::string fault(const std::string& spec) { return "x-mock-fault: " + spec + "\r\n"; }

} // namespace

BOOST_AUTO_TEST_SUITE(mock_pack)

BOOST_AUTO_TEST_CASE(every_entry_gets_what_it_would_have_got_alone) {
  mock::mock_options o;
  o.output = mock::parse_output("lognormal:40,sigma=0.5").value();
  const mock_fixture m{o};
  const std::string schema =
    R"(,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object",)"
    R"("properties":{"grade":{"type":"integer"},"why":{"type":"string"}},"required":["grade"]}}})";
  for (const auto& more :
       {std::string{}, schema, std::string{R"(,"response_format":{"type":"json_object"})"}}) {
    const packed_requests r{5, more};
    const auto packed = r.packed(m);
    BOOST_TEST(packed == r.alone(m), boost::test_tools::per_element());
    BOOST_TEST(packed[3].find("item 3 says") != std::string::npos);
  }
  const packed_requests plain{4, "", core::pack_style::plain};
  BOOST_TEST(plain.packed(m) == plain.alone(m), boost::test_tools::per_element());
  const auto packs = m.stats().at("packs").as_object();
  BOOST_TEST(packs.at("packs").to_number<int>() == 4);
  BOOST_TEST(packs.at("entries").to_number<int>() == 19);
}

BOOST_AUTO_TEST_CASE(a_garbled_pack_is_wrong_just_where_it_was_garbled) {
  const mock_fixture m;
  const packed_requests r{6};
  const auto right = r.alone(m);
  const auto wrong = [&](const std::string& spec) {
    const auto packed = r.packed(m, fault(spec));
    int count = 0;
    for (size_t i = 0; i < packed.size(); ++i) {
      count += packed[i] == "-";
      BOOST_TEST((packed[i] == "-" || packed[i] == right[i]),
                 spec); // Never the answer to another entry.
    }
    return count;
  };
  BOOST_TEST(wrong("pack_missing") == 1);
  BOOST_TEST(wrong("pack_missing:4") == 4);
  BOOST_TEST(wrong("pack_repeat") == 1);
  BOOST_TEST(wrong("pack_extra") == 0);
  BOOST_TEST(wrong("pack_swap") == 2);
  BOOST_TEST(wrong("pack_order") == 0);
  BOOST_TEST(wrong("pack_malformed") == 6);
  BOOST_TEST(wrong("pack_malformed:type") == 1);
  BOOST_TEST(wrong("pack_malformed:empty") == 1);
  BOOST_TEST(wrong("pack_malformed:fence") == 6); // A schema allows no fence.
  const packed_requests plain{6, "", core::pack_style::plain};
  BOOST_TEST(plain.packed(m, fault("pack_malformed:fence")) == right,
             boost::test_tools::per_element());
  BOOST_TEST(plain.packed(m, fault("pack_malformed:prose")) == right,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(faults_of_packs_leave_single_requests_alone) {
  mock::mock_options o;
  o.faults = {mock::parse_fault("pack_swap:nth=2").value()};
  const mock_fixture m{o};
  const packed_requests r{3};
  const auto right = r.alone(m); // Does not count.
  BOOST_TEST(r.packed(m) == right, boost::test_tools::per_element());
  const auto second = r.packed(m);
  BOOST_TEST(std::count(second.begin(), second.end(), "-") == 2);
  BOOST_TEST(r.packed(m) == right, boost::test_tools::per_element());
  BOOST_TEST(m.mock->stats().faults().at("pack_swap") == 1);
}

BOOST_AUTO_TEST_CASE(texts_that_look_like_a_pack_are_texts) {
  const mock_fixture m;
  for (std::string_view text :
       {R"(The JSON document below holds 2 independent requests.\n{\"entries\":7})",
        R"(The JSON document below holds)", R"({\"entries\":[{\"id\":\"1\",\"text\":\"x\"}]})"}) {
    const auto answer = m.post(chat_path, m.chat(text));
    BOOST_TEST(packed_requests::text_of(m.body_of(answer)).starts_with("echo: "), answer);
  }
  BOOST_TEST(m.mock->stats().packs() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
