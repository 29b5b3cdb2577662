#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace penstock::io {

/// Who is connected to a server, over all of its threads. Any thread.
class http_clients {
public:
  struct limits {
    uint64_t connections = 0;            ///< Of all clients.
    uint64_t connections_of_address = 0; ///< 0: no limit.
    uint64_t requests_of_address = 0;    ///< In flight; 0: no limit.
  };

  explicit http_clients(limits l) : limits_{l} {}

  /// Counts a connection. @returns its serial number, from 1; nullopt if it is one too many.
  std::optional<uint64_t> enter(const boost::asio::ip::address& client);
  void leave(const boost::asio::ip::address& client);
  /// @returns false if the address has too many requests in flight.
  bool begin_request(const boost::asio::ip::address& client);
  void end_request(const boost::asio::ip::address& client);

private:
  struct use {
    uint64_t connections = 0;
    uint64_t requests = 0;
  };
  const limits limits_;
  std::mutex mutex_;
  uint64_t serial_ = 0;
  uint64_t open_ = 0;
  std::map<boost::asio::ip::address, use> addresses_;
};

} // namespace penstock::io
