package import NIOHTTP1
import OCIModel

/// The wait that a server asks for in `Retry-After` (RFC 9110, section 10.2.3).
package enum RetryAfter {
    private static let longest: Int64 = 86400

    /// Reads seconds or a date, at most a day. The date is measured from the response's own `Date`, because our clock
    /// may differ from the server's.
    package static func parse(_ headers: HTTPHeaders) -> Duration? {
        guard let value = headers.first(name: "retry-after") else { return nil }
        if let seconds = Int64(value) { return .seconds(min(max(seconds, 0), longest)) }
        guard let until = HTTPDate.parse(value), let now = headers.first(name: "date").flatMap(HTTPDate.parse) else {
            return nil
        }
        return .seconds(min(max(until.seconds - now.seconds, 0), longest))
    }
}
