import HTTPTypes
import NIOCore

/// The address of a client, for quotas and the log.
enum ClientAddress {
    /// Returns the address of a connection's other end; in IPv6, of its network, within which one client has as many
    /// addresses as it likes.
    static func text(of channel: any Channel) -> String {
        let address = channel.remoteAddress?.ipAddress ?? "-"
        guard address.contains(":"), !address.contains(".") else { return address }
        let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let groups = halves[0].split(separator: ":")
        let missing = halves.count > 1 ? max(0, 4 - groups.count) : 0
        return (groups + Array(repeating: "0", count: missing)).prefix(4).joined(separator: ":") + "::/64"
    }

    /// Returns the address that the last proxy states in `X-Forwarded-For`.
    static func forwarded(in headers: HTTPFields) -> String? {
        guard let last = headers[.forwardedFor]?.split(separator: ",").last else { return nil }
        let text = String(last.filter { $0 != " " })
        return (try? SocketAddress(ipAddress: text, port: 0)) == nil ? nil : text
    }
}
