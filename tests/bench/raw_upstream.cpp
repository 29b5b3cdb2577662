// A very cheap provider, to compare clients: `raw_upstream [reply-bytes]` prints its url
// and answers every request with the same chat completion until its input ends.
#include "tests/support/raw_server.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const size_t bytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 600;
  const auto reply = penstock::test::ok_reply(
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":")" +
    std::string(bytes, 'y') +
    R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":250,"completion_tokens":100,"total_tokens":350}})");
  penstock::test::raw_server server{[&](const penstock::test::raw_request&) { return reply; }};
  std::printf("%s\n", server.url().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
