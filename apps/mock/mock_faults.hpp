#pragma once

#include "apps/mock/mock_random.hpp"
#include "apps/mock/mock_shape.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::mock {

/// Where in an exchange a fault strikes.
enum class fault_phase : uint8_t {
  status, ///< An error answer; neither limiter nor model is asked.
  page,   ///< An HTML page, as a proxy in front of the provider sends it.
  socket, ///< The connection breaks or hangs before the request is read.
  pack,   ///< A packed reply (core/pack/pack.hpp) is garbled; other answers are not touched.
  answer, ///< A well-formed answer with the wrong content.
  body,   ///< Some bytes of a good answer are wrong; its length is right.
  wire,   ///< A good answer is cut, delayed or framed wrongly.
  stream, ///< The same for streamed answers only.
  header, ///< The rate headers are wrong or missing.
  world,  ///< Latency, limits, the listening socket.
  unread, ///< The connection is closed when a request arrives; the request is not read.
};

/// One row of the list of faults.
struct fault_info {
  std::string_view name;
  fault_phase phase;
};
std::span<const fault_info> fault_menu();
/// The row called `name`, null if there is none. Every status from 400 to 599 is a name, too.
const fault_info* find_fault(std::string_view name);

/// A fault and when it strikes. Written as `name[:argument][,key=value...]`, for example
///   reset_before:p=0.01            one request in a hundred
///   429_ra:2,nth=5                 the fifth one
///   401:after=100                  from the hundredth on
///   500:first=2                    the first two attempts of every client request id
///   503:up=30s,down=30s            flaps: strikes in the down phases only
///   401:key=A                      only requests with the API key A (`A*`: keys that begin so)
///   500:above=4                    while more than four are in flight, this one counted
///   pack_swap:p=0.1                one pack in ten; other requests are not counted
///   concurrent:1                   503 to every parallel attempt: short for 503:above=1
///   503:until=90s                  an outage that lasts 90 s from the start
///   503:times=100                  an outage of the first 100 requests
///   html_403:text=script           a firewall that dislikes a word of the user
/// Further keys: every=K, times=N (at most), from=, until= (since the start or reset), path=,
/// model= (a prefix). All conditions must hold; the first rule that strikes wins.
struct fault_rule {
  const fault_info* info = nullptr;
  std::string name;
  std::string argument;
  std::string path;
  std::string model;
  std::string key;
  std::string text;
  double p = 1;
  uint64_t nth = 0, every = 0, after = 0, first = 0, times = 0;
  uint64_t above = 0; ///< Strikes while more than these are in flight.
  duration from{}, until{}, up{}, down{};
};

result<fault_rule> parse_fault(std::string_view spec);
/// `["429_ra:2,p=0.1", {"fault": "500", "p": 0.1}]`, or `{"faults": [...]}`.
result<std::vector<fault_rule>> parse_fault_script(std::string_view json);

/// What is known of a request when a rule is checked.
struct fault_query {
  std::string_view path;
  std::string_view model;
  uint64_t id = 0;     ///< Hash of the client request id.
  duration since{};    ///< Since the start of the mock, or the last reset.
  bool reused = false; ///< Not the first request of its connection.
  std::string_view key{};
  uint64_t in_flight = 1;  ///< Requests in flight, with this one.
  bool pack = false;       ///< A prompt with several requests in it.
  std::string_view text{}; ///< What the user said last, its first 64 code points.
};

/// The rules in force and their counters.
class fault_table {
public:
  void set(std::vector<fault_rule> rules);
  /// The rule that strikes this request, or null. Counts the request against every rule it matches.
  const fault_rule* pick(const fault_query& q, mock_random& r);
  /// As `pick`, for faults of the phase `unread`.
  const fault_rule* pick_unread(const fault_query& q, mock_random& r);
  /// Whether a rule from a header or a prompt strikes. Only `first` and `p` have a memory here.
  bool strikes(const fault_rule& rule, const fault_query& q, mock_random& r);
  bool has_unread() const { return has_unread_; }
  bool empty() const { return rules_.empty(); }
  void reset();

private:
  struct counted {
    fault_rule rule;
    uint64_t matched = 0;
    uint64_t struck = 0;
  };
  bool strikes(const fault_rule& rule, uint64_t& matched, uint64_t& struck, const fault_query& q,
               mock_random& r);
  bool within_first(const fault_rule& rule, uint64_t id);
  /// At so many counted attempts the whole table is emptied: a mock may run for days.
  static constexpr size_t attempts_max = 4u << 20;

  std::vector<counted> rules_;
  std::unordered_map<uint64_t, uint32_t> attempts_; ///< By rule and client request id.
  bool has_unread_ = false;
};

/// What a `status` fault answers, in every provider's words.
struct status_fault {
  provider_error error;
  std::string headers;
};
/// @param now the wall clock, for dates. Waits are in seconds of the client's clock.
status_fault make_status_fault(const fault_rule& rule, mock_random& r,
                               std::chrono::system_clock::time_point now);
/// What an `answer` fault changes in the frame of the answer.
answer_tweak make_tweak(const fault_rule& rule);
/// What an `answer` fault makes of the text.
void spoil_text(const fault_rule& rule, const mock_call& call, mock_answer& a);
/// A good body, spoiled by a `body` fault. May change the content type.
void spoil_body(const fault_rule& rule, std::string& body, std::string& content_type);
/// The error page of a proxy, of about `size` bytes.
std::string html_page(int status, size_t size);
/// The status that an HTML fault is sent with.
int page_status(const fault_rule& rule);

} // namespace penstock::mock
