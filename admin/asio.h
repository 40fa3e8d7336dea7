// The parts of Boost.Asio that the HTTP server uses. Internal to it: one thread runs the loop.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

namespace signpost::admin {

namespace asio = boost::asio;

using Loop = asio::io_context;
// Of TCP or unix: the listening socket says which.
using StreamProtocol = asio::generic::stream_protocol;
// With the loop's own executor, which is a pointer; the default holds executors of any type.
using Socket = asio::basic_stream_socket<StreamProtocol, Loop::executor_type>;
using Acceptor = asio::basic_socket_acceptor<StreamProtocol, Loop::executor_type>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Loop::executor_type>;
using boost::system::error_code;

}  // namespace signpost::admin
