#pragma once

#include "core/pack/pack_queue.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace penstock::core {

/// What is sent for the requests of one model.
struct packed_load {
  uint64_t requests = 0;          ///< Requests of the input.
  uint64_t prompts = 0;           ///< Packs, and requests that are sent alone.
  uint64_t body_bytes = 0;        ///< Bytes of the bodies that are sent.
  uint64_t output_tokens_max = 0; ///< Sum of the maxima of these bodies.
  uint64_t without_maximum = 0;   ///< Requests without an output maximum.
};

/// Counts for a dry run the prompts that a job with packs sends. It makes the packs as a run does
/// that reads its whole input at once. Holds the requests of packs that are not full, at most
/// `open_max` packs.
class pack_counter {
public:
  static constexpr size_t open_max = 256;

  /// @param canary The share of packed requests that are also sent alone.
  explicit pack_counter(pack_limits limits, double canary = 0) : limits_{limits}, canary_{canary} {}

  void add(request req);
  /// The sums by model. Call it once, after the last `add`.
  std::map<std::string, packed_load> take();

private:
  struct open_pack {
    uint64_t key = 0;
    uint64_t tokens = 0;
    std::vector<request> members;
  };

  void send(std::vector<request> members);
  void send_alone(const request& req);

  pack_limits limits_;
  double canary_;
  std::list<open_pack> open_; ///< The oldest first.
  std::unordered_map<uint64_t, std::list<open_pack>::iterator> by_key_;
  std::map<std::string, packed_load> loads_;
  std::map<std::string, std::pair<double, double>> canaries_; ///< Prompts and bytes by model.
};

} // namespace penstock::core
