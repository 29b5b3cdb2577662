#include "core/io/http/http_clients.hpp"

namespace penstock::io {

std::optional<uint64_t> http_clients::enter(const boost::asio::ip::address& client) {
  const std::lock_guard lock{mutex_};
  const auto known = addresses_.find(client);
  const auto its = known == addresses_.end() ? 0 : known->second.connections;
  if (open_ >= limits_.connections ||
      (limits_.connections_of_address > 0 && its >= limits_.connections_of_address))
    return std::nullopt;
  ++open_;
  ++addresses_[client].connections;
  return ++serial_;
}

void http_clients::leave(const boost::asio::ip::address& client) {
  const std::lock_guard lock{mutex_};
  --open_;
  const auto its = addresses_.find(client);
  if (--its->second.connections == 0)
    addresses_.erase(its);
}

bool http_clients::begin_request(const boost::asio::ip::address& client) {
  if (limits_.requests_of_address == 0)
    return true;
  const std::lock_guard lock{mutex_};
  auto& its = addresses_[client].requests;
  if (its >= limits_.requests_of_address)
    return false;
  ++its;
  return true;
}

void http_clients::end_request(const boost::asio::ip::address& client) {
  if (limits_.requests_of_address == 0)
    return;
  const std::lock_guard lock{mutex_};
  --addresses_[client].requests;
}

} // namespace penstock::io
