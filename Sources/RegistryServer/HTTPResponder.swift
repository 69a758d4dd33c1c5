import HTTPTypes
package import HummingbirdCore
package import NIOCore
import NIOHTTP1
import OCIModel

/// Something that answers requests: the registry, and what tests put around it.
package protocol HTTPResponder: Sendable {
    typealias Context = RegistryRequestContext

    func respond(to request: Request, context: Context) async throws -> Response
}

/// The facts about a request beside the request itself: the connection that it came by.
package struct RegistryRequestContext: Sendable {
    package let channel: any Channel
    /// The client's address.
    package let address: String

    package init(channel: any Channel, address: String) {
        self.channel = channel
        self.address = address
    }
}

extension HTTPResponder {
    /// Returns the answer to a request; `500` where the responder fails.
    func answer(_ request: Request, _ context: Context) async throws(HTTPParserError) -> Response {
        do {
            return try await respond(to: request, context: context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            return Response(status: .internalServerError)
        }
    }
}

/// The body of an answer could not be made, since the request's own cannot be read. The server would take the parser's
/// error for one that is still to be answered.
private struct AnswerBrokenOff: Error {}

/// Writes an answer whole.
@concurrent func write(_ response: Response, with writer: consuming ResponseWriter) async throws {
    do {
        try await writer.write(response: response.head, body: response.body)
    } catch is HTTPParserError {
        throw AnswerBrokenOff()
    }
}

/// Returns a time as the header field `Date` has it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package func dateText(_ seconds: Int64) -> String {
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let seconds = max(0, seconds)
    let parts = Timestamp(seconds: seconds).description.split { "-T".contains($0) }
    let month = months[(Int(parts[1]) ?? 1) - 1]
    return "\(weekdays[Int(seconds / 86400 % 7)]), \(parts[2]) \(month) \(parts[0]) \(parts[3].dropLast()) GMT"
}
