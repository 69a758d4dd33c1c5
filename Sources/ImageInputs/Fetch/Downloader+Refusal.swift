import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension Downloader {
    /// The outcome of a response whose body is of no use.
    func refusal(
        _ reading: ResponseReading, _ status: HTTPResponseStatus, _ url: DownloadURL, _ expected: ExpectedContent
    ) -> DownloadAttempts.Outcome {
        let answer = "\(url): the server answered \(status.code) \(Self.printable(status.reasonPhrase))"
        switch reading {
        case .missing:
            return .refused(ImageInputsError(.notFound, answer))
        case .busy(let retryAfter):
            return .busy(ImageInputsError(.busy, answer, hint: "try again later"), retryAfter: retryAfter)
        case .unresumable(let what):
            return .unresumable(
                ImageInputsError(.rejected, "\(url): the server does not resume: \(Self.printable(what))"))
        case .wrongLength(let length):
            let message = "\(url): the server announces \(length) bytes, expected \(Self.text(expected))"
            return .refused(ImageInputsError(.corrupt, message, hint: "name another mirror"))
        default:
            let hint =
                status.code == 407 ? "the proxy wants a user and a password: http://user:password@host:port" : nil
            return .refused(ImageInputsError(.rejected, answer, hint: hint))
        }
    }

    /// Reads a body of no use to its end, so that the connection can serve again, unless it is long.
    func discard(_ body: HTTPClientResponse.Body) async {
        var count = 0
        do {
            for try await chunk in body {
                count += chunk.readableBytes
                if count > settings.limits.discardedBody { return }
            }
        } catch {
            // The connection is lost; the next request makes a new one.
        }
    }

    /// A server's own words, made fit for a terminal.
    private static func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(80).filter { (0x20...0x7e).contains($0) }, as: UTF8.self)
    }

    private static func text(_ expected: ExpectedContent) -> String {
        switch expected {
        case .exactly(_, let size): "\(size)"
        case .upTo(let limit): "at most \(limit)"
        }
    }
}
