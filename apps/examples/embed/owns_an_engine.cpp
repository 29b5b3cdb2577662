// A program without actors: `penstock::host` owns the engine and has plain functions.
//   owns_an_engine             with an engine in this process
//   owns_an_engine HOST:PORT   the same through the head of a cluster
#include <penstock/actors/host/host.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace {

const std::vector<std::string> reviews{
  "Arrived early and works as promised.",
  "The lid broke on the second day.",
  "Does what it should, no more.",
  "I bought a second one for my mother.",
};

/// A request that asks whether a review is positive.
penstock::core::request question(const std::string& review) {
  return penstock::core::make_request(
    "",
    R"({"model":"gpt-4o-mini","max_tokens":5,"messages":[{"role":"user","content":"Answer good or bad: )" +
      review + R"("}]})");
}

int complain(const penstock::error& e) {
  std::fprintf(stderr, "%s\n", to_string(e).c_str());
  return 1;
}

penstock::result<penstock::host> make_host(const char* head) {
  if (head) {
    penstock::config::cluster_settings cluster;
    cluster.head = head;
    return penstock::host::connect(cluster);
  }
  penstock::config::settings settings;
  settings.upstream.protocol =
    "null"; // "openai", with OPENAI_API_KEY in the environment, uses a real provider.
  settings.upstream.limits.rpm = 60'000;
  return penstock::host::start(settings);
}

} // namespace

int main(int argc, char** argv) {
  auto host = make_host(argc > 1 ? argv[1] : nullptr);
  if (!host)
    return complain(host.error());

  std::vector<penstock::core::request> requests;
  for (auto& review : reviews)
    requests.push_back(question(review));
  auto job = host->submit(std::move(requests));
  if (!job)
    return complain(job.error());

  try { // Outcomes come in the order of the requests.
    for (const auto& outcome : job->results())
      std::printf("%s %s %s\n", outcome.custom_id.c_str(),
                  std::string{to_string(outcome.state)}.c_str(),
                  outcome.body ? outcome.body->c_str() : "");
  } catch (const penstock::error_exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  auto end = job->wait();
  if (!end)
    return complain(end.error());
  std::printf("%llu completed, %llu failed, %llu tokens out\n",
              static_cast<unsigned long long>(end->completed),
              static_cast<unsigned long long>(end->failed),
              static_cast<unsigned long long>(end->output_tokens));
  return end->failed == 0 ? 0 : 1;
}
