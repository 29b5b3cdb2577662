// The service over HTTP, as clients see it: the real program against the mock.
#include "core/api/api_route.hpp"
#include "tests/support/service_fixture.hpp"

#include <csignal>
#include <thread>

using namespace penstock;
using namespace penstock::test;

namespace {

struct fixture : service_fixture {
  std::string requests(size_t count, std::string_view more = "") const {
    std::string out = "{\"requests\":[";
    for (size_t i = 0; i < count; ++i)
      out += (i > 0 ? "," : "") + chat("hello " + std::to_string(i), more);
    return out + "]}";
  }
  boost::json::object wait_for(const std::string& job) const {
    return call("GET", "/penstock/v1/jobs/" + job + "?wait=60").json();
  }
  static std::string id_of(const service_answer& a) {
    return std::string{a.json().at("id").as_string()};
  }
};

std::string with(const boost::json::value& v) { return std::string{v.as_string()}; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(http_service, fixture)

BOOST_AUTO_TEST_CASE(a_chat_is_answered_and_streamed) {
  start();
  const auto plain = call("POST", "/v1/chat/completions", chat("hello"));
  BOOST_TEST(plain.status == 200);
  BOOST_TEST(plain.head.find("x-request-id: req_") != std::string::npos);
  const auto said = with(plain.json().at("choices").at(0).at("message").at("content"));
  const auto stream = call("POST", "/v1/chat/completions", chat("hello", ",\"stream\":true"));
  BOOST_TEST(stream.status == 200);
  BOOST_TEST(stream.head.find("content-type: text/event-stream") != std::string::npos);
  std::string text;
  bool done = false;
  for (auto rest = std::string_view{stream.body}; !rest.empty();) {
    const auto event = rest.substr(0, rest.find("\n\n"));
    rest.remove_prefix(std::min(rest.size(), event.size() + 2));
    BOOST_REQUIRE(event.starts_with("data: "));
    const auto data = std::string{event.substr(6)};
    BOOST_TEST(!done); // Nothing follows the end.
    done = data == "[DONE]";
    if (done)
      continue;
    const auto chunk = boost::json::parse(data).as_object();
    BOOST_REQUIRE(!chunk.at("choices").as_array().empty()); // Nobody asked for the usage.
    const auto& delta = chunk.at("choices").at(0).at("delta").as_object();
    if (const auto* content = delta.if_contains("content"))
      text += with(*content);
  }
  BOOST_TEST(done);
  BOOST_TEST(text.substr(0, 11) == said.substr(0, 11));
  const auto asked =
    call("POST", "/v1/chat/completions",
         chat("x", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
  BOOST_TEST(asked.body.find("\"prompt_tokens\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(errors_have_the_form_of_their_dialect) {
  start();
  BOOST_TEST(call("GET", "/nothing").status == 404);
  BOOST_TEST(call("PUT", "/v1/models").status == 405);
  BOOST_TEST(call("POST", "/v1/chat/completions", "{").json().contains("error"));
  BOOST_TEST(call("POST", "/v1/messages", "{").json().at("type").as_string() == "error");
  BOOST_TEST(call("POST", "/v1/files/secret", "{}").status == 404);
  upstream.mock->set_faults(faults({"404"}));
  const auto refused = call("POST", "/v1/chat/completions", chat("x"));
  BOOST_TEST(refused.status == 404);
  BOOST_TEST(refused.json().contains("error"));
  const auto stream = call("POST", "/v1/chat/completions", chat("x", ",\"stream\":true"));
  BOOST_TEST(stream.status == 404);
  BOOST_TEST(stream.json().contains("error"));
}

BOOST_AUTO_TEST_CASE(a_passing_fault_is_repeated_for_the_caller) {
  start();
  upstream.mock->set_faults(faults({"503:times=2"}));
  const auto answer = call("POST", "/v1/chat/completions", chat("x"));
  BOOST_TEST(answer.status == 200, answer.body);
  BOOST_TEST(answer.head.find("x-penstock-attempts: 3") != std::string::npos);
  upstream.mock->set_faults(faults({"503:times=1"}));
  BOOST_TEST(call("POST", "/v1/chat/completions", chat("x", ",\"stream\":true")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_says_so) {
  start();
  upstream.mock->set_faults(faults({"sse_error"})); // Its first event is an error.
  BOOST_TEST(call("POST", "/v1/chat/completions", chat("x", ",\"stream\":true")).status == 503);
  for (auto fault : {"sse_cut", "sse_no_done"}) {
    upstream.mock->set_faults(faults({fault}));
    const auto answer =
      call("POST", "/v1/chat/completions", chat("one two three four", ",\"stream\":true"));
    BOOST_TEST(answer.status == 200, fault);
    BOOST_TEST(answer.body.find("[DONE]") == std::string::npos, fault);
    BOOST_TEST(answer.body.find("\"error\"") != std::string::npos, fault << answer.body);
  }
  for (auto fault : {"sse_split", "sse_comments"}) {
    upstream.mock->set_faults(faults({fault}));
    auto answer =
      call("POST", "/v1/chat/completions", chat("one two three four", ",\"stream\":true"));
    BOOST_TEST(answer.status == 200, fault);
    std::erase(answer.body, '\r'); // Line ends stay as the provider has them.
    BOOST_TEST(answer.body.ends_with("data: [DONE]\n\n"), fault << answer.body);
  }
}

BOOST_AUTO_TEST_CASE(a_job_gives_its_results_in_order) {
  start();
  const auto made = call("POST", "/penstock/v1/jobs", requests(300));
  BOOST_TEST(made.status == 202);
  const auto id = id_of(made);
  BOOST_TEST(made.head.find("location: /penstock/v1/jobs/" + id) != std::string::npos);
  const auto end = wait_for(id);
  BOOST_TEST(end.at("state").as_string() == "completed");
  BOOST_TEST(end.at("counts").at("completed").as_int64() == 300);
  const auto results = call("GET", "/penstock/v1/jobs/" + id + "/results");
  size_t n = 0;
  for (auto rest = std::string_view{results.body}; !rest.empty(); ++n) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    BOOST_TEST(with(boost::json::parse(std::string{line}).at("custom_id")) ==
               "request-" + std::to_string(n));
  }
  BOOST_TEST(n == 300u);
  const auto from = call("GET", "/penstock/v1/jobs/" + id + "/results?from=298");
  BOOST_TEST(std::count(from.body.begin(), from.body.end(), '\n') == 2);
  const auto one = call("GET", "/penstock/v1/jobs/" + id + "/requests/7").json();
  BOOST_TEST(with(one.at("custom_id")) == "request-7");
  BOOST_TEST(call("GET", "/penstock/v1/jobs/" + id + "/requests/300").status == 404);
  BOOST_TEST(call("GET", "/penstock/v1/jobs/999").status == 404);
  BOOST_TEST(call("GET", "/penstock/v1/jobs/x").status == 404);
  const auto list = call("GET", "/penstock/v1/jobs?limit=1").json();
  BOOST_TEST(with(list.at("data").at(0).at("id")) == id);
}

BOOST_AUTO_TEST_CASE(a_caller_can_wait_for_results) {
  start();
  const auto body = requests(5);
  const auto answer = call("POST", "/penstock/v1/jobs?name=sync", body, "prefer: wait=30\r\n");
  BOOST_TEST(answer.status == 200);
  const auto job = answer.json();
  BOOST_TEST(job.at("results").as_array().size() == 5u);
  BOOST_TEST(job.at("metrics").at("attempts").as_int64() == 5);
  const auto again = call("POST", "/penstock/v1/jobs", body, "idempotency-key: k1\r\n");
  const auto same = call("POST", "/penstock/v1/jobs", body, "idempotency-key: k1\r\n");
  BOOST_TEST(id_of(again) == id_of(same));
  const auto other = call("POST", "/penstock/v1/jobs", requests(6), "idempotency-key: k1\r\n");
  BOOST_TEST(other.status == 422);
}

BOOST_AUTO_TEST_CASE(with_keys_nobody_sees_what_belongs_to_another_tenant) {
  start();
  const auto admin = make_key("ops", "admin"), a = make_key("a", "run,read,operate"),
             b = make_key("b", "run,read,operate"), reader = make_key("a", "read");
  key.clear();
  for (auto& route : core::api_routes()) {
    std::string target{route.path};
    for (size_t at; (at = target.find('{')) != std::string::npos;)
      target.replace(at, target.find('}') - at + 1, "1");
    const auto answer = call(route.method, target, route.method == "POST" ? "{}" : "");
    BOOST_TEST(answer.status == (route.scope ? 401 : 200), route.method << ' ' << target);
  }
  key = "pst_000000000000000000000000000000000000";
  BOOST_TEST(call("GET", "/penstock/v1/jobs").status == 401);
  key = a;
  const auto id = id_of(call("POST", "/penstock/v1/jobs", requests(2)));
  wait_for(id);
  key = reader;
  BOOST_TEST(call("GET", "/penstock/v1/jobs/" + id).status == 200);
  BOOST_TEST(call("POST", "/penstock/v1/jobs", requests(1)).status == 403);
  BOOST_TEST(call("POST", "/penstock/v1/jobs/" + id + "/cancel").status == 403);
  BOOST_TEST(call("GET", "/penstock/v1/keys").status == 403);
  key = b;
  const auto unknown = call("GET", "/penstock/v1/jobs/4711");
  for (auto tail : {"", "/results", "/requests/0", "?wait=1"}) {
    const auto foreign = call("GET", "/penstock/v1/jobs/" + id + tail);
    BOOST_TEST(foreign.status == 404, tail);
  }
  BOOST_TEST(call("POST", "/penstock/v1/jobs/" + id + "/cancel").status == 404);
  BOOST_TEST(call("POST", "/penstock/v1/jobs/" + id + "/retry").status == 404);
  BOOST_TEST(call("DELETE", "/penstock/v1/jobs/" + id).status == 404);
  BOOST_TEST(call("GET", "/penstock/v1/jobs?tenant=a").json().at("data").as_array().empty());
  key = admin;
  BOOST_TEST(call("GET", "/penstock/v1/jobs/" + id).status == 200);
  const auto made = call("POST", "/penstock/v1/keys",
                         R"({"name":"n","tenant":"c","scopes":["read"],"models":["x*"]})");
  BOOST_TEST(made.status == 201);
  const auto fresh = with(made.json().at("key"));
  const auto list = call("GET", "/penstock/v1/keys");
  BOOST_TEST(list.body.find(fresh) == std::string::npos);
  BOOST_TEST(call("DELETE", "/penstock/v1/keys/" + id_of(made)).status == 200);
  key = fresh;
  BOOST_TEST(call("GET", "/penstock/v1/jobs").status == 401);
}

BOOST_AUTO_TEST_CASE(without_keys_only_this_machine_is_served) {
  auto serve = bare_command({"serve", "--http", "0.0.0.0:0", "--listen", "127.0.0.1:0", "--store",
                             dir / "jobs.db", "--base-url", upstream.mock->base_url()});
  serve.env = {"OPENAI_API_KEY=a-key-of-the-test"};
  const auto end = run_to_end(std::move(serve));
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find("penstock keys create") != std::string::npos, end.err);
}

BOOST_AUTO_TEST_CASE(without_keys_a_web_page_of_another_site_gets_nothing) {
  start();
  for (auto origin : {"https://evil.example", "null", "http://127.0.0.1.evil.example",
                      "http://evil.example:8117"}) {
    const auto answer =
      call("POST", "/v1/chat/completions", chat("x"), "origin: " + std::string{origin} + "\r\n");
    BOOST_TEST(answer.status == 403, origin);
  }
  for (auto name : {"evil.example", "evil.example:80", ""}) {
    host = name;
    const auto status = call("GET", "/penstock/v1/jobs").status;
    BOOST_TEST((status == 403 || status == 400), name);
  }
  BOOST_TEST(upstream.mock->stats().requests() == 0u);
  for (auto name : {"127.0.0.1:8117", "localhost", "LOCALHOST:1", "[::1]:8117", "127.8.9.1"}) {
    host = name;
    BOOST_TEST(call("GET", "/penstock/v1/jobs").status == 200, name);
  }
  host = "127.0.0.1";
  BOOST_TEST(call("GET", "/penstock/v1/jobs", "", "origin: http://localhost:3000\r\n").status ==
             200);
  host = "service.example"; // With a key any name will do.
  key = make_key("t", "read");
  BOOST_TEST(call("GET", "/penstock/v1/jobs", "", "origin: https://app.example\r\n").status == 200);
}

BOOST_AUTO_TEST_CASE(an_acknowledged_job_survives_a_kill) {
  upstream.mock->set_faults(faults({"slow:200ms"}));
  start({"--in-flight-max", "4"});
  const auto made = call("POST", "/penstock/v1/jobs", requests(40), "idempotency-key: k\r\n");
  BOOST_TEST(made.status == 202);
  service->signal(SIGKILL);
  service->wait();
  upstream.mock->set_faults({});
  start();
  BOOST_TEST(id_of(call("POST", "/penstock/v1/jobs", requests(40), "idempotency-key: k\r\n")) ==
             id_of(made));
  const auto end = wait_for(id_of(made));
  BOOST_TEST(end.at("counts").at("completed").as_int64() == 40);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_frees_its_place) {
  upstream.mock->set_faults(faults({"hang:times=1"}));
  start({"--slots", "4", "--live-slots", "0.25"}); // One live request at a time.
  {
    raw_client c{port};
    c.send(request_text("POST", "/v1/chat/completions", chat("x"), ""));
    BOOST_REQUIRE(wait_until([&] { return upstream.mock->stats().requests() >= 1; }));
  }
  BOOST_TEST(call("POST", "/v1/chat/completions", chat("y")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_stop_lets_live_requests_finish) {
  upstream.mock->set_faults(faults({"slow:500ms,times=1"}));
  start();
  raw_client c{port};
  c.send(request_text("POST", "/v1/chat/completions", chat("x"), ""));
  BOOST_REQUIRE(wait_until([&] { return upstream.mock->stats().requests() >= 1; }));
  service->signal(SIGTERM);
  c.read_all();
  BOOST_TEST(parse(c.received).status == 200);
  BOOST_TEST(service->wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
