#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::test {

/// How a read on a raw connection ended.
enum class read_end : uint8_t { fin, reset, timeout, enough };

/// A TCP client without an HTTP library, so that tests see the bytes.
class raw_client {
public:
  explicit raw_client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~raw_client() { ::close(fd_); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  /// @returns false if the connection is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0)
        return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  /// Reads until the end, until `enough(received)`, or until no bytes come for `patience`.
  template <class Enough>
  read_end read_until(Enough enough, std::chrono::milliseconds patience) {
    for (;;) {
      if (enough(std::string_view{received}))
        return read_end::enough;
      pollfd p{fd_, POLLIN, 0};
      if (::poll(&p, 1, static_cast<int>(patience.count())) <= 0)
        return read_end::timeout;
      char bytes[65536];
      const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
      if (n == 0)
        return read_end::fin;
      if (n < 0)
        return errno == ECONNRESET ? read_end::reset : read_end::fin;
      received.append(bytes, static_cast<size_t>(n));
      received_in_all += static_cast<uint64_t>(n);
    }
  }
  read_end read_all(std::chrono::milliseconds patience = std::chrono::seconds{20}) {
    return read_until([](std::string_view) { return false; }, patience);
  }

  /// Reads one answer framed by content-length. @returns all of its bytes.
  std::string read_answer() {
    size_t whole = std::string::npos;
    read_until(
      [&whole](std::string_view r) {
        const size_t body = r.find("\r\n\r\n");
        const size_t length = r.find("content-length: ");
        if (body == r.npos || length == r.npos || length > body)
          return false;
        whole = body + 4 + std::stoul(std::string{r.substr(length + 16, 20)});
        return r.size() >= whole;
      },
      std::chrono::seconds{20});
    std::string answer = received.substr(0, whole);
    received.erase(0, whole);
    return answer;
  }

  bool connected = false;
  std::string received; ///< Bytes that `read_answer` has not taken yet.
  uint64_t received_in_all = 0;

private:
  int fd_;
};

} // namespace penstock::test
