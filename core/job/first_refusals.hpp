#pragma once

#include "core/base/request.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace penstock::core {

/// Decides whether a refusal is about its own request or about the whole job: a misspelt model, a
/// wrong path, a parameter that the model does not take, a key without rights.
///
/// While that is unknown, the refusal is withheld: the owner keeps the request open and does not
/// send it again.
/// - A bad request: after the first success of the job, or after two different refusals, every bad
///   request is about itself, and its refusal is final. `enough` equal refusals before that stop
///   the job.
/// - A refused key: if a request that was handed out later succeeds, the key works. Then the
/// withheld
///   refusals were about their own requests (a firewall, moderation), and are final.
///   `enough_of_key` refusals of different requests without a success among them stop the job;
///   `enough_of_working_key` refusals if the key has worked before.
/// When a job stops, withheld refusals are not final: after the mistake is corrected, the same
/// command sends these requests again.
///
/// Example: 2,000 requests name a model that does not exist. The first 30 answers, all 404
/// "model_not_found", are withheld; with the thirtieth the job stops. Pure; one owner.
class first_refusals {
public:
  static constexpr size_t enough = 30;
  static constexpr size_t enough_of_key = 3;
  static constexpr size_t enough_of_working_key = 10;

  /// What to do with a refusal.
  enum class advice : uint8_t {
    is_final, ///< It is about its own request.
    withhold, ///< Not yet known.
    stop_job, ///< Every request would be refused.
  };

  /// The provider refused a request because of its content. @param kind See `kind_of_refusal`.
  advice refused(uint64_t index, std::string_view kind);
  /// The provider refused the key or its rights. @param turn The last hand-out of the job so far.
  /// @param unknown_key The key itself is refused (401), not its rights (403).
  advice key_refused(uint64_t index, uint64_t turn, bool unknown_key);
  /// A request of the job succeeded. @param turn Its hand-out; 0: in an earlier life.
  void answered(uint64_t turn);
  /// The withheld requests whose refusal is final now. Forgets them.
  std::set<uint64_t> release();

  /// Requests whose refusal is withheld.
  size_t waiting() const noexcept { return withheld_.size() + of_key_.size(); }
  /// Only withheld requests of the job are left. @returns whether their refusals are final: the key
  /// has worked before, and no refusal was about the key itself. If not, the job stops.
  bool settle();

private:
  bool answered_ = false; ///< A request of the job succeeded.
  bool decided_ = false;  ///< Every bad request is about itself.
  std::string kind_;      ///< Kind of all withheld bad requests.
  std::set<uint64_t> withheld_, released_;
  std::map<uint64_t, uint64_t> of_key_; ///< Requests whose key was refused, with the turn.
  bool unknown_key_ = false;            ///< One of them was refused with 401.
};

/// Two refusals of the same kind are equal: same status, and same text except for words with digits
/// (ids, places, counts).
std::string kind_of_refusal(const outcome& o);

/// Whether a refusal is about the content of its request (a filter, a length). Other requests may
/// well be accepted.
bool is_about_content(const outcome& o);

} // namespace penstock::core
