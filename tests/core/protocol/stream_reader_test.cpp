#include "core/protocol/stream_reader.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;

namespace {

const std::string chat =
  "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n"
  ": a comment\n\n"
  "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,"
  "\"prompt_tokens_details\":{\"cached_tokens\":2}}}\r\n\r\n"
  "data: [DONE]\n\n";

const std::string messages =
  "event: message_start\ndata: "
  "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,"
  "\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\n"
  "event: ping\ndata: {\"type\":\"ping\"}\n\n"
  "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":30}}\n\n"
  "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

} // namespace

BOOST_AUTO_TEST_SUITE(stream_reader)

BOOST_AUTO_TEST_CASE(any_pieces_give_the_same_events) {
  for (const auto& text : {chat, messages})
    for (size_t piece = 1; piece <= text.size(); ++piece) {
      core::stream_reader r;
      std::string all;
      size_t events = 0;
      for (size_t at = 0; at < text.size(); at += piece)
        for (auto& e : r.take(std::string_view{text}.substr(at, piece))) {
          all += e.text;
          ++events;
        }
      BOOST_REQUIRE(all + r.rest() == text);
      BOOST_REQUIRE(events == 4u);
      BOOST_REQUIRE(r.has_ended());
      BOOST_REQUIRE(r.used().known);
    }
}

BOOST_AUTO_TEST_CASE(usage_is_read_in_every_form) {
  core::stream_reader r;
  const auto events = r.take(chat);
  BOOST_TEST(r.used().input_tokens == 5u);
  BOOST_TEST(r.used().output_tokens == 7u);
  BOOST_TEST(r.used().cached_input_tokens == 2u);
  BOOST_TEST(events.at(2).only_usage);
  BOOST_TEST(!events.at(0).only_usage);
  core::stream_reader a;
  a.take(messages);
  BOOST_TEST(a.used().input_tokens == 9u);
  BOOST_TEST(a.used().output_tokens == 30u);
  BOOST_TEST(a.used().cached_input_tokens == 4u);
  core::stream_reader p;
  p.take("data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,"
         "\"output_tokens\":4}}}\n\n");
  BOOST_TEST(p.has_ended());
  BOOST_TEST(p.used().output_tokens == 4u);
}

BOOST_AUTO_TEST_CASE(errors_are_seen) {
  for (auto text :
       {"data: {\"error\":{\"message\":\"x\"}}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n",
        "data: {\"type\":\"response.failed\",\"response\":{}}\n\n"}) {
    core::stream_reader r;
    const auto events = r.take(text);
    BOOST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].is_error, text);
    BOOST_TEST(!r.error().empty());
  }
  core::stream_reader r;
  r.take("data: {\"choices\":[],\"error\":null}\n\n");
  BOOST_TEST(r.error().empty());
}

BOOST_AUTO_TEST_CASE(rubbish_passes_without_harm) {
  core::stream_reader r;
  for (auto text : {"data\n\n", "data:\n\n", "\n\n", "data: {\n\n", "data: 7\n\n", "datax: {}\n\n",
                    "data: [1]\n\n", "\r\n\r\n"})
    r.take(text);
  BOOST_TEST(!r.has_ended());
  BOOST_TEST(!r.used().known);
  BOOST_TEST(core::event_data("data: a\ndata:b\n\n") == "a\nb");
}

BOOST_AUTO_TEST_SUITE_END()
