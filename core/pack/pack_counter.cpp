#include "core/pack/pack_counter.hpp"

#include "core/pack/pack.hpp"

#include <cmath>

namespace penstock::core {

void pack_counter::add(request req) {
  auto& load = loads_[req.model];
  ++load.requests;
  load.without_maximum += req.output_tokens_max == 0;
  const auto traits = read_pack_traits(req);
  if (!traits || limits_.entries_max < 2) {
    send_alone(req);
    return;
  }
  auto found = by_key_.find(traits->key);
  if (found != by_key_.end() &&
      found->second->tokens + entry_tokens(*traits) > limits_.tokens_max) {
    send(std::move(found->second->members));
    open_.erase(found->second);
    by_key_.erase(found);
    found = by_key_.end();
  }
  if (found == by_key_.end()) {
    if (open_.size() >= open_max) {
      send(std::move(open_.front().members));
      by_key_.erase(open_.front().key);
      open_.pop_front();
    }
    open_.push_back({traits->key, shared_tokens(*traits), {}});
    found = by_key_.emplace(traits->key, std::prev(open_.end())).first;
  }
  auto& pack = *found->second;
  pack.tokens += entry_tokens(*traits);
  pack.members.push_back(std::move(req));
  if (pack.members.size() < limits_.entries_max)
    return;
  send(std::move(pack.members));
  open_.erase(found->second);
  by_key_.erase(found);
}

std::map<std::string, packed_load> pack_counter::take() {
  for (auto& pack : open_)
    send(std::move(pack.members));
  open_.clear();
  by_key_.clear();
  for (auto& [model, extra] : canaries_) {
    loads_[model].prompts += static_cast<uint64_t>(std::llround(extra.first));
    loads_[model].body_bytes += static_cast<uint64_t>(std::llround(extra.second));
  }
  return std::move(loads_);
}

void pack_counter::send(std::vector<request> members) {
  std::vector<const request*> all;
  for (auto& m : members)
    all.push_back(&m);
  const auto made =
    all.size() > 1 ? compose_pack(all, pack_style::schema, 1) : result<pack>{error{}};
  if (!made) {
    for (auto& m : members)
      send_alone(m);
    return;
  }
  auto& load = loads_[members.front().model];
  ++load.prompts;
  load.body_bytes += made->what.body->size();
  load.output_tokens_max += made->what.output_tokens_max;
  for (auto& m : members) {
    auto& [prompts, bytes] = canaries_[m.model];
    prompts += canary_;
    bytes += canary_ * static_cast<double>(m.body->size());
  }
}

void pack_counter::send_alone(const request& req) {
  auto& load = loads_[req.model];
  ++load.prompts;
  load.body_bytes += req.body ? req.body->size() : 0;
  load.output_tokens_max += req.output_tokens_max;
}

} // namespace penstock::core
