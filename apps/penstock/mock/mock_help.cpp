#include "apps/penstock/mock/mock_help.hpp"
#include "apps/mock/mock_faults.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace penstock::cli {

namespace {

constexpr std::string_view endpoints = R"(
Endpoints: all protocols on one port, chosen by the path
  OpenAI     POST /v1/chat/completions, /v1/embeddings   GET /v1/models
  Anthropic  POST /v1/messages, /v1/messages/count_tokens
  Gemini     POST /v1beta/models/M:generateContent, :streamGenerateContent[?alt=sse],
             :countTokens, :embedContent, :batchEmbedContents   GET /v1beta/models
  Ollama     POST /api/chat, /api/generate, /api/embed   GET /api/tags
  The mock   GET /healthz   GET /stats[?since=20&series=0]   POST /stats/reset
             POST /faults {"faults": ["500:p=0.1"]} (replaces all)   POST /limits {"rpm": 60}

Answers
  The text is "echo: <last text of the user> #<hash of the conversation>": the same in every
  protocol, and different for any other conversation, so that lost or swapped answers are noticed.
  If JSON is requested, it is {"answer": "echo: ..."}, or an instance of the JSON schema.
  In a pack of requests (mode batch) each entry gets the same text as if it were sent alone.
)";

constexpr std::string_view grammar = R"(
Faults: NAME[:ARGUMENT][,KEY=VALUE...], by --fault, --faults FILE, POST /faults, the header
  x-mock-fault, or [[mock:FAULT]] anywhere in a body. The first matching one is used.
    p=0.1         one request in ten            nth=5, every=4, after=100, times=3   by count
    first=2       the first two attempts of each client request id
    above=4       while more than four are in flight (needs a latency)
    key=A, key=team-*   requests with this API key      model=gpt*, path=/v1/chat*   by beginnings
    text=WORD     requests with this word in the text of the user
    from=10s, until=20s, up=30s, down=30s   by the time since the start
  Any status from 400 to 599 is a fault too ("503:p=0.2"). Errors have the form of the protocol of
  the request.)";

constexpr std::string_view examples = R"(
Examples
  penstock mock --limits native --rpm 600 --tpm 90000 --latency gpt-4o-mini
      Four providers with limits and times like the real ones.
  penstock mock --latency 20ms --slow-above 40
      Answers get slower with n requests in flight: 1 + (n / 40)^4.
  penstock mock --latency 1s --servers 40 --queue 100 --thrash 0.2
      Forty at a time; a hundred wait and make the forty slower; more than 140 get a 503.
  penstock mock --latency 200ms --fault concurrent:1 --fault pack_swap:p=0.3
      Fails every parallel attempt, and swaps answers in packs.
  penstock mock --fault 401:key=A,after=100
      The key A is refused after its hundredth request; other keys work.
  penstock mock --fault 503:until=90s      penstock mock --fault 502:times=100
      An outage: every answer of the first 90 seconds, or the first 100 answers.
  penstock mock --fault html_403:text=script --fault think:p=0.2 --fault finish:abort,nth=7
      A firewall that refuses a word; thoughts in the text of every fifth answer; one cut answer.
  penstock mock --models gpt-4o-mini
      Only this model exists; others get a 404.
  penstock mock --latency-for 'extract*=28s' --time-scale 0.01
      A slow model, a hundred times faster.
)";

/// The effect of the faults of a phase.
constexpr auto phases = std::to_array<std::pair<mock::fault_phase, std::string_view>>({
  {mock::fault_phase::status, "error answers (argument: Retry-After; concurrent: how many may; "
                              "error_in_200: which error, such as 429_money)"},
  {mock::fault_phase::page, "HTML pages of an edge (argument: bytes)"},
  {mock::fault_phase::socket, "the connection, before the request is read"},
  {mock::fault_phase::answer, "valid answers with another content (finish:REASON sends half a "
                              "text; the argument of *_content and think* is the finish reason)"},
  {mock::fault_phase::pack, "packed replies (pack_missing:N; pack_malformed:torn, fence, prose, "
                            "type or empty; pack_order is not wrong)"},
  {mock::fault_phase::body,
   "damaged bodies with correct framing (nan:Infinity, half_surrogate:low)"},
  {mock::fault_phase::wire, "good answers with faulty framing"},
  {mock::fault_phase::stream, "faulty streams"},
  {mock::fault_phase::header, "wrong rate headers"},
  {mock::fault_phase::world, "time and limits (slow:5s, brownout:10, limit_drift:0.5)"},
  {mock::fault_phase::unread, "the connection, when another request arrives on it"},
});

} // namespace

std::string mock_footer() {
  std::string out{endpoints};
  out += grammar;
  constexpr size_t width = 96;
  for (const auto& [phase, what] : phases) {
    out.append("\n  ").append(what).append(":");
    std::string line = "\n   ";
    for (const auto& fault : mock::fault_menu()) {
      if (fault.phase != phase)
        continue;
      if (line.size() + fault.name.size() > width) {
        out += line;
        line = "\n   ";
      }
      line.append(" ").append(fault.name);
    }
    out += line;
  }
  return out + "\n" + std::string{examples};
}

} // namespace penstock::cli
