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
/// A refusal is withheld while nothing says which of the two it is. The owner keeps the request
/// open and does not send it again.
/// - A bad request: the first success of the job, or two refusals that differ, show that requests
///   are judged one by one. All bad requests are final from then on. Without that, `enough` equal
///   refusals stop the job.
/// - A refused key: the success of a request that was handed out later shows that the key works, so
///   what was withheld was about its own request (a firewall, moderation). `enough_of_key` refusals
///   of different requests without a success among them stop the job; `enough_of_working_key` if
///   the key has worked before.
/// When a job stops, nothing that is withheld is final: the mended command sends it again.
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
    stop_job, ///< Every request would meet it.
  };

  /// The provider refused a request as it stands. @param kind See `kind_of_refusal`.
  advice refused(uint64_t index, std::string_view kind);
  /// The provider refused the key or its rights. @param turn The last hand-out of the job so far.
  /// @param unknown_key The key itself is refused (401), not its rights (403).
  advice key_refused(uint64_t index, uint64_t turn, bool unknown_key);
  /// A request of the job was answered well. @param turn Its hand-out; 0: in an earlier life.
  void answered(uint64_t turn);
  /// The requests whose refusal has turned out to be final. Forgets them.
  std::set<uint64_t> release();

  /// Requests whose refusal is withheld.
  size_t waiting() const noexcept { return withheld_.size() + of_key_.size(); }
  /// Nothing of the job is left but what is withheld. @returns whether that is final: the key has
  /// worked before, and it was not the key itself that was refused. If not, the job stops.
  bool settle();

private:
  bool answered_ = false; ///< A request of the job was answered well.
  bool decided_ = false;  ///< Bad requests are about themselves.
  std::string kind_;      ///< Of all bad requests that are withheld.
  std::set<uint64_t> withheld_, released_;
  std::map<uint64_t, uint64_t> of_key_; ///< Requests whose key was refused, and the turn then.
  bool unknown_key_ = false;            ///< One of these was refused with 401.
};

/// What makes two refusals equal: the status, and the text without words that hold digits (ids,
/// places, counts).
std::string kind_of_refusal(const outcome& o);

/// Whether a refusal names the content of its request: a filter, a length. No other request need
/// meet it.
bool is_about_content(const outcome& o);

} // namespace penstock::core
