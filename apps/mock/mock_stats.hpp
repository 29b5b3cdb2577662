#pragma once

#include "apps/mock/mock_limiter.hpp"
#include "apps/mock/mock_shape.hpp"
#include "apps/mock/lying_server.hpp"
#include "core/base/time.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock::mock {

/// Counts by a 64-bit key in 16 bytes each: a million client request ids fit in 32 MB.
class id_counter {
public:
  struct entry {
    uint64_t key = 0; ///< 0: free.
    uint32_t seen = 0;
    uint32_t answered = 0;
  };
  /// The entry of `key`, made if it is new; null once `ids_max` are there.
  entry* find(uint64_t key);
  size_t size() const { return size_; }
  /// Free ones included.
  const std::vector<entry>& entries() const { return slots_; }
  void clear();

private:
  void grow();
  static constexpr size_t ids_max = 4u << 20;
  std::vector<entry> slots_;
  size_t size_ = 0;
};

/// One second of the mock's life.
struct stats_second {
  uint32_t accepted = 0;
  uint32_t rejected = 0;     ///< 429s.
  uint64_t input_tokens = 0; ///< Charged to the input limit (or counted, if there is none).
  uint64_t output_tokens = 0;
  uint64_t charged_tokens = 0; ///< Charged in all.
};

/// The largest sum in any window of a given length, to 10 ms: sums the slots in the window.
class sliding_peak {
public:
  explicit sliding_peak(size_t slots) : ring_(slots) {}
  void add(uint64_t slot, uint64_t n);
  uint64_t peak() const { return peak_; }

private:
  std::vector<uint64_t> ring_;
  uint64_t last_ = 0;
  uint64_t sum_ = 0;
  uint64_t peak_ = 0;
};

/// Requests by some name.
struct tally_entry {
  uint64_t requests = 0;
  uint64_t accepted = 0; ///< By the limiter.
};
using tally = std::map<std::string, tally_entry, std::less<>>;

/// "sk-...3fa9": enough to tell keys apart, too little to use one. "none" for no key.
std::string masked_key(std::string_view key);

/// Counters of the mock, so that a test can compare the numbers of a client.
/// `now` is time since the start or the last reset, on the provider's clock.
class mock_stats {
public:
  explicit mock_stats(bool track_ids = true) : track_ids_(track_ids) {}

  /// @returns how often this id was seen, this time included; 0 if ids are not tracked.
  uint32_t arrived(uint64_t id, std::string_view id_text);
  void started();
  void ended();
  /// The further counters of a request.
  struct seen_entries {
    provider by{};
    uint64_t model = 0; ///< Hash.
    uint64_t key = 0;   ///< Hash.
  };
  seen_entries seen(provider p, std::string_view model, std::string_view key);
  void accepted(duration now, const seen_entries& as);
  /// A prompt with several requests in it.
  void pack(size_t entries);
  void charged(duration now, double input, double output, double total);
  /// A complete answer was sent. `good`: a client has no reason to ask again.
  void answered(uint64_t id, int status, bool good, duration now);
  void fault(const std::string& name) { ++faults_[name]; }
  void abandoned() { ++abandoned_; } ///< The client left before the end of its answer.
  void reset();

  uint64_t in_flight() const { return in_flight_; }
  uint64_t requests() const { return requests_; }
  uint64_t accepted() const { return accepted_; }
  uint64_t duplicates() const { return duplicates_; }
  uint64_t answered_duplicates() const { return answered_duplicates_; }
  uint64_t abandoned_count() const { return abandoned_; }
  double charged_tokens() const { return charged_; }
  const std::vector<stats_second>& seconds() const { return seconds_; }
  uint64_t status(int code) const;
  uint64_t in_flight_peak() const { return in_flight_peak_; }
  const std::map<std::string, uint64_t>& faults() const { return faults_; }
  tally by_protocol() const;
  tally by_model() const { return models_.counts(); }
  tally by_key() const { return keys_.counts(); } ///< Under their masked names.
  uint64_t packs() const { return packs_; }

  /// Everything as JSON. Shares of the limits cover whole seconds from `since` to the last one with
  /// an accepted request. `series` false leaves the per-second arrays out.
  std::string to_json(const mock_limiter& limits, const lying_counters& server, duration now,
                      size_t since, bool series) const;

private:
  /// Counts by the hash of a name. Names after `names_max` are counted together.
  class named {
  public:
    uint64_t add(std::string_view name, std::string (*show)(std::string_view));
    void accept(uint64_t hash);
    tally counts() const;

  private:
    static constexpr size_t names_max = 256;
    std::unordered_map<uint64_t, std::pair<std::string, tally_entry>> entries_;
  };

  stats_second& second(duration now);
  void ids_json(std::string& out) const;
  void shares_json(std::string& out, const mock_limiter& limits, duration now, size_t since) const;
  void series_json(std::string& out) const;
  void tallies_json(std::string& out) const;
  static constexpr size_t seconds_max = 86400; ///< Later ones are added to the last.
  static constexpr size_t texts_max = 4096;    ///< Texts of repeated ids kept.

  bool track_ids_;
  uint64_t requests_ = 0, accepted_ = 0, in_flight_ = 0, in_flight_peak_ = 0, abandoned_ = 0;
  uint64_t duplicates_ = 0;          ///< Arrivals beyond the first of their id.
  uint64_t answered_duplicates_ = 0; ///< Good answers beyond the first of their id.
  double charged_ = 0, input_ = 0, output_ = 0;
  std::array<uint64_t, 600> by_status_{};
  std::map<std::string, uint64_t> faults_;
  std::array<tally_entry, provider_count> protocols_{};
  named models_, keys_;
  uint64_t packs_ = 0, pack_entries_ = 0;
  id_counter ids_;
  std::unordered_map<uint64_t, std::string> repeated_;
  std::vector<stats_second> seconds_;
  sliding_peak accepted_second_{100}, accepted_minute_{6000}, tokens_second_{100},
    tokens_minute_{6000};
};

} // namespace penstock::mock
