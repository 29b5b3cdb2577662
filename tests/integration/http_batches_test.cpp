// Files and batches over HTTP, with kills of the head.
#include "tests/support/service_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

using namespace penstock;
using namespace penstock::test;

namespace {

struct fixture : service_fixture {
  static std::string line(size_t n, std::string_view text = "hello") {
    return "{\"custom_id\":\"r" + std::to_string(n) +
           "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":" +
           chat(std::string{text} + " " + std::to_string(n)) + "}\n";
  }

  static std::string form(std::string_view content) {
    return "--x\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--x\r\n"
           "content-disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n" +
           std::string{content} + "\r\n--x--\r\n";
  }

  std::string upload(std::string_view content) const {
    const auto answer =
      call("POST", "/v1/files", form(content), "content-type: multipart/form-data; boundary=x\r\n");
    BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
    return std::string{answer.json().at("id").as_string()};
  }

  service_answer create(const std::string& file, std::string_view window = "24h") const {
    return call("POST", "/v1/batches",
                "{\"input_file_id\":\"" + file +
                  "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"" +
                  std::string{window} + "\",\"metadata\":{\"k\":\"v\"}}");
  }

  boost::json::object batch(const std::string& id) const {
    return call("GET", "/v1/batches/" + id).json();
  }

  boost::json::object ended(const std::string& id) const {
    boost::json::object b;
    BOOST_TEST(wait_until([&] {
      b = batch(id);
      const auto state = std::string{b.at("status").as_string()};
      return state == "completed" || state == "failed" || state == "expired" ||
             state == "cancelled";
    }));
    return b;
  }

  /// The custom_ids of a result file.
  std::vector<std::string> ids_of(const boost::json::value& file) const {
    std::vector<std::string> out;
    if (file.is_null())
      return out;
    const auto content =
      call("GET", "/v1/files/" + std::string{file.as_string()} + "/content").body;
    for (auto rest = std::string_view{content}; !rest.empty();) {
      const auto one = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      out.emplace_back(boost::json::parse(std::string{one}).at("custom_id").as_string());
    }
    return out;
  }

  /// Every line is in exactly one of the two files.
  void check_files(const boost::json::object& b, size_t lines) const {
    const auto good = ids_of(b.at("output_file_id")), bad = ids_of(b.at("error_file_id"));
    std::set<std::string> all(good.begin(), good.end());
    all.insert(bad.begin(), bad.end());
    BOOST_TEST(all.size() == lines);
    BOOST_TEST(good.size() + bad.size() == lines);
    BOOST_TEST(b.at("request_counts").at("completed").as_int64() ==
               static_cast<int64_t>(good.size()));
    BOOST_TEST(b.at("request_counts").at("total").as_int64() == static_cast<int64_t>(lines));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(http_batches, fixture)

BOOST_AUTO_TEST_CASE(a_batch_runs_to_its_two_files) {
  start();
  std::string content;
  for (size_t n = 0; n < 1200; ++n)
    content += line(n, n % 100 == 7 ? "[[mock:400_param]]" : "hello");
  const auto file = upload(content);
  BOOST_TEST(call("GET", "/v1/files/" + file + "/content").body == content);
  const auto made = create(file);
  BOOST_TEST(made.status == 200);
  const auto b = ended(std::string{made.json().at("id").as_string()});
  BOOST_TEST(b.at("status").as_string() == "completed");
  BOOST_TEST(b.at("metadata").at("k").as_string() == "v");
  check_files(b, 1200);
  const auto good = ids_of(b.at("output_file_id"));
  BOOST_TEST(good.size() == 1188u);
  BOOST_TEST(good.front() == "r0"); // In the order of the input.
  BOOST_TEST(good.back() == "r1199");
  BOOST_TEST(
    call("POST", "/v1/batches/" + std::string{b.at("id").as_string()} + "/cancel").status == 409);
  // The same job, as other clients see it.
  const auto job = std::string{b.at("penstock").at("job").as_string()};
  BOOST_TEST(call("GET", "/penstock/v1/jobs/" + job).json().at("state").as_string() == "completed");
}

BOOST_AUTO_TEST_CASE(faults_of_the_input_are_named_by_line) {
  start();
  auto content = line(0) + "no json\n" + line(0) + line(1);
  content += R"({"custom_id":"u","method":"POST","url":"/v1/embeddings","body":{"input":"x"}})";
  const auto b = ended(std::string{create(upload(content)).json().at("id").as_string()});
  BOOST_TEST(b.at("status").as_string() == "failed");
  const auto& faults = b.at("errors").at("data").as_array();
  BOOST_REQUIRE(faults.size() == 3u);
  BOOST_TEST(faults[0].at("line").as_int64() == 2);
  BOOST_TEST(faults[1].at("code").as_string() == "duplicate_custom_id");
  BOOST_TEST(faults[2].at("code").as_string() == "url_mismatch");
  BOOST_TEST(upstream.mock->stats().requests() == 0u);
  BOOST_TEST(ended(std::string{create(upload("\n")).json().at("id").as_string()})
               .at("errors")
               .at("data")
               .at(0)
               .at("code")
               .as_string() == "empty_file");
}

BOOST_AUTO_TEST_CASE(a_cancelled_batch_keeps_what_it_has) {
  upstream.mock->set_faults(faults({"slow:100ms"}));
  start({"--in-flight-max", "4"});
  std::string content;
  for (size_t n = 0; n < 300; ++n)
    content += line(n);
  const auto id = std::string{create(upload(content)).json().at("id").as_string()};
  BOOST_REQUIRE(wait_until([&] { return upstream.mock->stats().requests() > 20; }));
  const auto said = call("POST", "/v1/batches/" + id + "/cancel");
  BOOST_TEST(said.json().at("status").as_string() == "cancelling");
  const auto b = ended(id);
  BOOST_TEST(b.at("status").as_string() == "cancelled");
  check_files(b, 300);
}

BOOST_AUTO_TEST_CASE(uploads_that_break_leave_nothing) {
  start();
  {
    raw_client c{port};
    c.send(request_text("POST", "/v1/files", form(std::string(200'000, 'x')),
                        "content-type: multipart/form-data; boundary=x\r\n")
             .substr(0, 100'000));
  }
  const auto type = "content-type: multipart/form-data; boundary=x\r\n";
  BOOST_TEST(call("POST", "/v1/files", "rubbish", type).status == 400);
  BOOST_TEST(call("POST", "/v1/files", form("x").substr(0, form("x").size() - 6), type).status ==
             400);
  BOOST_TEST(call("POST", "/v1/files", "{}").status == 400);
  BOOST_TEST(call("GET", "/v1/files").json().at("data").as_array().empty());
  const auto left = [&] {
    size_t n = 0;
    for (auto& entry : std::filesystem::directory_iterator(dir / "jobs.db.files"))
      n += entry.path().filename().string().starts_with("new-");
    return n;
  };
  BOOST_TEST(wait_until([&] { return left() == 0; }));
}

BOOST_AUTO_TEST_CASE(acknowledged_batches_survive_kills_at_any_moment) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  upstream.mock->set_faults(faults({"slow:5ms"}));
  std::string content;
  for (size_t n = 0; n < 700; ++n)
    content += line(n);
  start();
  const auto file = upload(content);
  std::vector<std::string> made;
  for (size_t round = 0; round < rounds(8, 4); ++round) {
    made.emplace_back(create(file).json().at("id").as_string());
    std::this_thread::sleep_for(std::chrono::milliseconds{random() % 120});
    service->signal(SIGKILL);
    service->wait();
    start();
  }
  for (auto& id : made) {
    const auto b = ended(id);
    BOOST_TEST(b.at("status").as_string() == "completed");
    check_files(b, 700);
  }
  // One job a batch, however often it was begun.
  BOOST_TEST(call("GET", "/penstock/v1/jobs").json().at("data").as_array().size() == made.size());
}

BOOST_AUTO_TEST_SUITE_END()
