#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace penstock::bench {

/// The options of the HTTP benchmarks: `--url U --requests N --in-flight M --body-bytes B`.
struct options {
  std::string url;
  size_t requests = 100'000;
  size_t in_flight = 256;
  size_t body_bytes = 1024;
};

/// Reads the command line; ends the process with a text if it cannot be read.
inline options parse_options(int argc, char** argv) {
  options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--url")
      o.url = argv[i + 1];
    else if (key == "--requests")
      o.requests = std::strtoull(argv[i + 1], nullptr, 10);
    else if (key == "--in-flight")
      o.in_flight = std::strtoull(argv[i + 1], nullptr, 10);
    else if (key == "--body-bytes")
      o.body_bytes = std::strtoull(argv[i + 1], nullptr, 10);
    else
      o.url.clear(), i = argc;
  }
  if (o.url.empty() || o.requests == 0 || o.in_flight == 0) {
    std::fprintf(stderr, "usage: %s --url U [--requests N] [--in-flight M] [--body-bytes B]\n",
                 argv[0]);
    std::exit(2);
  }
  o.in_flight = std::min(o.in_flight, o.requests);
  return o;
}

/// An OpenAI chat request of about `bytes` bytes.
inline std::string chat_body(size_t bytes) {
  const std::string before = R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":")";
  const std::string after = R"("}],"max_tokens":64})";
  const size_t frame = before.size() + after.size();
  return before + std::string(bytes > frame ? bytes - frame : 0, 'x') + after;
}

/// Times a run and prints it as one line of JSON.
class measurement {
public:
  using clock = std::chrono::steady_clock;

  explicit measurement(size_t requests) { latencies_.reserve(requests); }
  /// One exchange that took `elapsed`.
  void add(std::chrono::nanoseconds elapsed, bool ok) {
    latencies_.push_back(elapsed);
    ok_ += ok ? 1 : 0;
  }
  size_t count() const noexcept { return latencies_.size(); }
  /// Prints the line. @returns the exit code: 0 if there was no error.
  int report() {
    const double seconds = std::chrono::duration<double>(clock::now() - begin_).count();
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    std::ranges::sort(latencies_);
    auto quantile_ms = [&](double q) {
      const auto at = static_cast<size_t>(q * static_cast<double>(latencies_.size() - 1));
      return latencies_.empty() ? 0.0
                                : std::chrono::duration<double, std::milli>(latencies_[at]).count();
    };
    std::printf("{\"requests\":%zu,\"ok\":%zu,\"seconds\":%.4f,\"cpu_seconds\":%.4f,\"rps\":%.1f,"
                "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"peak_rss_mb\":%.1f}\n",
                count(), ok_, seconds, cpu_seconds(used) - cpu_before_,
                static_cast<double>(count()) / seconds, quantile_ms(0.5), quantile_ms(0.99),
                static_cast<double>(used.ru_maxrss) / 1024);
    return ok_ == count() ? 0 : 1;
  }

private:
  static double cpu_seconds(const rusage& u) {
    auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(u.ru_utime) + seconds(u.ru_stime);
  }
  static double cpu_now() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return cpu_seconds(used);
  }

  clock::time_point begin_ = clock::now();
  double cpu_before_ = cpu_now();
  std::vector<std::chrono::nanoseconds> latencies_;
  size_t ok_ = 0;
};

} // namespace penstock::bench
