#include "apps/penstock/mock/mock_help.hpp"
#include "apps/mock/mock_faults.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace penstock::cli {

namespace {

constexpr std::string_view endpoints = R"(
Endpoints: every protocol on the same port, told apart by the path
  OpenAI     POST /v1/chat/completions, /v1/embeddings   GET /v1/models
  Anthropic  POST /v1/messages, /v1/messages/count_tokens
  Gemini     POST /v1beta/models/M:generateContent, :streamGenerateContent[?alt=sse],
             :countTokens, :embedContent, :batchEmbedContents   GET /v1beta/models
  Ollama     POST /api/chat, /api/generate, /api/embed   GET /api/tags
  The mock   GET /healthz   GET /stats[?since=20&series=0]   POST /stats/reset
             POST /faults {"faults": ["500:p=0.1"]} (replaces all)   POST /limits {"rpm": 60}

Answers
  The text is "echo: <what the user said last> #<hash of the conversation>": the same through every
  protocol, another for any other conversation, so that a lost, doubled or swapped answer shows.
  Where JSON is asked for, it is {"answer": "echo: ..."}, or an instance of the JSON schema.
  A pack of requests (mode batch) gets for each entry the very text that it would have got alone.
)";

constexpr std::string_view grammar = R"(
Faults: NAME[:ARGUMENT][,KEY=VALUE...], by --fault, --faults FILE, POST /faults, the header
  x-mock-fault, or [[mock:FAULT]] anywhere in a body. The first one that strikes wins.
    p=0.1         one request in ten            nth=5, every=4, after=100, times=3   by count
    first=2       the first two attempts of each client request id
    above=4       while more than four are in flight (needs a latency)
    key=A, key=team-*   requests with this API key      model=gpt*, path=/v1/chat*   by beginnings
    text=WORD     requests whose user said this word
    from=10s, until=20s, up=30s, down=30s   by the time since the start
  Any bare status from 400 to 599 is a fault too ("503:p=0.2"). Errors take the form of the protocol
  that the request speaks.)";

constexpr std::string_view examples = R"(
Examples
  penstock mock --limits native --rpm 600 --tpm 90000 --latency gpt-4o-mini
      Four providers with limits and times like the real ones.
  penstock mock --latency 20ms --slow-above 40
      Everything slows down with what is in flight: 1 + (n / 40)^4.
  penstock mock --latency 1s --servers 40 --queue 100 --thrash 0.2
      Forty at a time; a hundred wait, and make the forty slower; beyond these 140: 503.
  penstock mock --latency 200ms --fault concurrent:1 --fault pack_swap:p=0.3
      Fails every parallel attempt, and exchanges answers in packs.
  penstock mock --fault 401:key=A,after=100
      The key A dies at its hundredth request; other keys work.
  penstock mock --fault 503:until=90s      penstock mock --fault 502:times=100
      An outage: every answer of the first 90 seconds, or the first 100 answers.
  penstock mock --fault html_403:text=script --fault think:p=0.2 --fault finish:abort,nth=7
      A firewall that dislikes a word; thoughts in the text of every fifth answer; one cut answer.
  penstock mock --models gpt-4o-mini
      The only model that exists: others are answered with 404.
  penstock mock --latency-for 'extract*=28s' --time-scale 0.01
      A slow model a hundred times faster than it says.
)";

/// The effect of the faults of a phase.
constexpr auto phases = std::to_array<std::pair<mock::fault_phase, std::string_view>>({
  {mock::fault_phase::status, "error answers (argument: Retry-After; concurrent: how many may; "
                              "error_in_200: which error, such as 429_money)"},
  {mock::fault_phase::page, "HTML pages of an edge (argument: bytes)"},
  {mock::fault_phase::socket, "the connection, before the request is looked at"},
  {mock::fault_phase::answer, "valid answers that say something else (finish:REASON sends half a "
                              "text; the argument of *_content and think* is the finish reason)"},
  {mock::fault_phase::pack, "packed replies (pack_missing:N; pack_malformed:torn, fence, prose, "
                            "type or empty; pack_order is not wrong)"},
  {mock::fault_phase::body, "spoiled bodies in the right frame (nan:Infinity, half_surrogate:low)"},
  {mock::fault_phase::wire, "good answers, sent badly"},
  {mock::fault_phase::stream, "streams, sent badly"},
  {mock::fault_phase::header, "rate headers that lie"},
  {mock::fault_phase::world, "time and limits (slow:5s, brownout:10, limit_drift:0.5)"},
  {mock::fault_phase::unread, "the connection, as a request arrives on it again"},
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
