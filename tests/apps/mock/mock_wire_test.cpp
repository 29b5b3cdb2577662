#include "tests/support/mock_fixture.hpp"

#include <set>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr auto chat_path = "/v1/chat/completions";

/// What a client receives of one faulty answer.
struct seen {
  read_end end = read_end::timeout;
  std::string bytes;
  std::string body;
  size_t declared = std::string::npos; ///< The content-length.
};

struct wire : mock_fixture {
  seen strike(std::string_view fault, std::string_view more = "",
              std::chrono::milliseconds patience = 400ms) {
    raw_client c{port()};
    const auto header = "connection: close\r\nx-mock-fault: " + std::string{fault} + "\r\n";
    c.send(request(chat_path, chat("hello", more), header));
    seen s;
    s.end = c.read_all(patience);
    s.bytes = c.received;
    s.body = body_of(s.bytes);
    if (const auto n = header_of(s.bytes, "content-length"); !n.empty())
      s.declared = std::stoul(n);
    return s;
  }
};

std::string good_body(wire& w) { return wire::body_of(w.post(chat_path, wire::chat("hello"))); }

} // namespace

BOOST_FIXTURE_TEST_SUITE(mock_wire, wire)

BOOST_AUTO_TEST_CASE(resets_come_where_they_should) {
  const auto before = strike("reset_before");
  BOOST_TEST((before.end == read_end::reset));
  BOOST_TEST(before.bytes.empty());
  const auto delivery = strike("dup_delivery");
  BOOST_TEST((delivery.end == read_end::reset));
  BOOST_TEST(delivery.bytes.empty());
  BOOST_TEST(mock->stats().accepted() == 1); // Only the second one was processed.
  const auto headers = strike("reset_after_headers");
  BOOST_TEST((headers.end == read_end::reset));
  BOOST_TEST(status_of(headers.bytes) == 200);
  BOOST_TEST(headers.body.empty());
  const auto body = strike("reset_body");
  BOOST_TEST((body.end == read_end::reset));
  BOOST_TEST(!body.body.empty());
  BOOST_TEST(body.body.size() < body.declared);
}

BOOST_AUTO_TEST_CASE(wrong_lengths_are_wrong_as_named) {
  const auto cut = strike("truncated_len");
  BOOST_TEST((cut.end == read_end::fin));
  BOOST_TEST(cut.body.size() == cut.declared / 2);
  const auto too_long = strike("wrong_len_long");
  BOOST_TEST((too_long.end == read_end::timeout));
  BOOST_TEST(too_long.body.size() + 100 == too_long.declared);
  const auto too_short = strike("wrong_len_short");
  BOOST_TEST(too_short.body.size() == too_short.declared + 10);
  const auto chunks = strike("truncated_chunked");
  BOOST_TEST((chunks.end == read_end::fin));
  BOOST_TEST(header_of(chunks.bytes, "transfer-encoding") == "chunked");
  BOOST_TEST(!chunks.body.ends_with("0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(what_hangs_hangs_until_the_client_leaves) {
  const auto headers = strike("hang");
  BOOST_TEST((headers.end == read_end::timeout));
  BOOST_TEST(headers.bytes.empty());
  const auto body = strike("hang_body");
  BOOST_TEST((body.end == read_end::timeout));
  BOOST_TEST(body.body.size() < body.declared);
}

BOOST_AUTO_TEST_CASE(a_drip_ends_whole) {
  raw_client c{port()};
  c.send(request(chat_path, chat("hello"), "x-mock-fault: slow_drip:0\r\n"));
  const auto answer = c.read_answer();
  BOOST_TEST(boost::json::parse(body_of(answer)).at("object").as_string() == "chat.completion");
}

BOOST_AUTO_TEST_CASE(valid_framings_carry_the_good_answer) {
  const auto closed = strike("close_delimited");
  BOOST_TEST((closed.end == read_end::fin));
  BOOST_TEST(closed.declared == std::string::npos);
  BOOST_TEST(boost::json::parse(closed.body).at("model").as_string() == "m");
  BOOST_TEST(strike("chunked").body.ends_with("\r\n0\r\n\r\n"));
  const auto noise = strike("keepalive_noise:2");
  BOOST_TEST(noise.body.starts_with("1\r\n\n\r\n1\r\n\n\r\n"));
  BOOST_TEST(noise.body.ends_with("0\r\n\r\n"));
  const auto idle = strike("reset_idle");
  BOOST_TEST((idle.end == read_end::fin));
  BOOST_TEST(header_of(idle.bytes, "connection").empty()); // It promised to keep the connection.
  BOOST_TEST(idle.body.size() == idle.declared);
}

BOOST_AUTO_TEST_CASE(errors_carry_their_hints) {
  const auto seconds = strike("429_ra:2");
  BOOST_TEST(status_of(seconds.bytes) == 429);
  BOOST_TEST(header_of(seconds.bytes, "retry-after") == "2");
  BOOST_TEST(header_of(strike("429_ra_ms").bytes, "retry-after-ms") == "350");
  BOOST_TEST(header_of(strike("429_ra_date").bytes, "retry-after").ends_with(" GMT"));
  BOOST_TEST(header_of(strike("429_bare").bytes, "retry-after").empty());
  BOOST_TEST(header_of(strike("429_ra_bad:-5").bytes, "retry-after") == "-5");
  BOOST_TEST(strike("429_quota").body.find("credit_balance_exhausted") != std::string::npos);
  BOOST_TEST(strike("429_daily").body.find("requests per day (RPD)") != std::string::npos);
  BOOST_TEST(status_of(strike("redirect").bytes) == 307);
  BOOST_TEST(header_of(strike("redirect:http://a:1/b").bytes, "location") == "http://a:1/b");
  const auto in_200 = strike("error_in_200");
  BOOST_TEST(status_of(in_200.bytes) == 200);
  BOOST_TEST(boost::json::parse(in_200.body).as_object().contains("error"));
  for (int status : {400, 401, 403, 408, 409, 413, 422, 500, 503, 504, 520, 524, 529})
    BOOST_TEST(status_of(strike(std::to_string(status)).bytes) == status);
}

BOOST_AUTO_TEST_CASE(pages_are_html) {
  for (auto [name, status] :
       {std::pair{"html_502:50000", 502}, {"html_200", 200}, {"html_524", 524}}) {
    const auto s = strike(name);
    BOOST_TEST(status_of(s.bytes) == status);
    BOOST_TEST(header_of(s.bytes, "content-type").starts_with("text/html"));
    BOOST_TEST(s.body.starts_with("<!DOCTYPE html>"));
    BOOST_TEST(s.body.size() >= 20000);
  }
}

BOOST_AUTO_TEST_CASE(answers_say_what_the_fault_wants) {
  const auto json = [this](std::string_view fault) {
    return boost::json::parse(strike(fault).body);
  };
  BOOST_TEST(json("empty_choices").at("choices").as_array().empty());
  BOOST_TEST(json("null_content").at("choices").at(0).at("message").at("content").is_null());
  BOOST_TEST(json("refusal").at("choices").at(0).at("message").at("refusal").is_string());
  BOOST_TEST(json("content_filter").at("choices").at(0).at("finish_reason").as_string() ==
             "content_filter");
  BOOST_TEST(json("length").at("choices").at(0).at("finish_reason").as_string() == "length");
  BOOST_TEST(!json("usage_missing").as_object().contains("usage"));
  BOOST_TEST(json("usage_zero").at("usage").at("total_tokens").as_int64() == 0);
  const auto usage =
    boost::json::parse(good_body(*this)).at("usage").at("prompt_tokens").as_int64();
  BOOST_TEST(json("usage_x100").at("usage").at("prompt_tokens").as_int64() == 100 * usage);
  BOOST_TEST(header_of(strike("wrong_type").bytes, "content-type").starts_with("text/plain"));
  BOOST_TEST(strike("schema_violation").body.find("not what the schema") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_huge_answer_is_whole_and_never_held) {
  raw_client c{port()};
  c.send(request(chat_path, chat("hello"), "x-mock-fault: huge_body:8\r\n"));
  uint64_t declared = 0;
  const auto end = c.read_until(
    [&](std::string_view r) {
      if (declared == 0 && r.find("\r\n\r\n") != r.npos)
        declared = std::stoul(header_of(std::string{r}, "content-length")) + r.find("\r\n\r\n") + 4;
      return declared > 0 && c.received_in_all >= declared;
    },
    20s);
  BOOST_TEST((end == read_end::enough));
  BOOST_TEST(c.received_in_all == declared);
  BOOST_TEST(c.received.ends_with("aaa\"}}]}"));
}

BOOST_AUTO_TEST_CASE(streams_break_as_named) {
  constexpr auto stream = ",\"stream\":true";
  const auto good = strike("slow:0", stream);
  BOOST_TEST(header_of(good.bytes, "content-type") == "text/event-stream");
  BOOST_TEST(good.body.find("data: [DONE]\n\n") != std::string::npos);
  const auto no_done = strike("sse_no_done", stream);
  BOOST_TEST(no_done.body.find("[DONE]") == std::string::npos);
  BOOST_TEST(no_done.body.ends_with("0\r\n\r\n"));
  const auto cut = strike("sse_cut", stream);
  BOOST_TEST((cut.end == read_end::fin));
  BOOST_TEST(!cut.body.ends_with("0\r\n\r\n"));
  const auto failed = strike("sse_error", stream);
  BOOST_TEST(failed.body.find("data: {\"error\":{") != std::string::npos);
  BOOST_TEST(strike("sse_comments", stream).body.find(": keep-alive\n\ndata: {") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_split_stream_joins_to_the_whole_one) {
  const auto join = [](std::string_view chunked) {
    std::string out;
    while (!chunked.empty()) {
      const size_t size = std::stoul(std::string{chunked.substr(0, 8)}, nullptr, 16);
      const size_t at = chunked.find("\r\n") + 2;
      out.append(chunked.substr(at, size));
      chunked.remove_prefix(std::min(chunked.size(), at + size + 2));
    }
    std::string text;
    for (char c : out)
      if (c != '\r')
        text += c;
    // Ids and times differ between exchanges.
    std::string content;
    for (size_t at = 0; (at = text.find("\"content\":\"", at)) != text.npos;) {
      at += 11;
      content.append(text.substr(at, text.find('"', at) - at));
    }
    return std::pair{content, text.ends_with("data: [DONE]\n\n")};
  };
  const auto whole = join(strike("slow:0", ",\"stream\":true").body);
  const auto split = join(strike("sse_split", ",\"stream\":true").body);
  BOOST_TEST(whole.second);
  BOOST_TEST(split.second);
  BOOST_TEST(whole.first == split.first);
  BOOST_TEST(whole.first.starts_with("echo: hello #"));
}

BOOST_AUTO_TEST_CASE(every_fault_of_the_menu_is_counted_and_leaves_the_mock_well) {
  std::set<std::string> expected;
  for (const auto& f : mock::fault_menu()) {
    if (f.phase == mock::fault_phase::unread || f.name == "reset_reused" ||
        f.name == "hang_connect" || f.name == "flap" || f.name == "concurrent" ||
        f.name.starts_with("pack_"))
      continue; // They need a second request, time or a pack, and have their own cases.
    const bool stream = f.phase == mock::fault_phase::stream;
    const std::string argument = f.name.find("huge") != f.name.npos ? ":1"
                                 : f.name == "slow"                 ? ":0"
                                                                    : "";
    strike(std::string{f.name} + argument, stream ? ",\"stream\":true" : "", 100ms);
    expected.insert(std::string{f.name});
  }
  std::set<std::string> counted;
  const auto stats = mock->stats();
  for (const auto& [name, count] : stats.faults()) {
    BOOST_TEST(count == 1, name);
    counted.insert(name);
  }
  BOOST_TEST((counted == expected));
  BOOST_TEST(good_body(*this).find("echo: hello #") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reused_connection_dies_before_or_after_its_request_was_read) {
  mock->set_faults({mock::parse_fault("reset_reused").value()});
  raw_client read{port()};
  read.send(request(chat_path, chat("one")));
  BOOST_TEST(status_of(read.read_answer()) == 200);
  read.send(request(chat_path, chat("two")));
  BOOST_TEST((read.read_all() == read_end::reset));
  BOOST_TEST(mock->connections().requests == 2);
  mock->set_faults({mock::parse_fault("close_idle_race").value()});
  raw_client unread{port()};
  unread.send(request(chat_path, chat("three")));
  BOOST_TEST(status_of(unread.read_answer()) == 200);
  unread.send(request(chat_path, chat("four")));
  BOOST_TEST((unread.read_all() != read_end::timeout));
  BOOST_TEST(unread.received.empty());
  BOOST_TEST(mock->connections().requests == 3); // The fourth was never read.
  BOOST_TEST(mock->connections().unread == 1);
  BOOST_TEST(mock->stats().faults().at("close_idle_race") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
