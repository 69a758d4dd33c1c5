import HTTPTransfer
import NIOHTTP1
import OCIModel

extension Downloader {
    /// Returns the outcome of a response whose body is of no use.
    func refusal(
        _ reading: ResponseReading, _ status: HTTPResponseStatus, _ url: HTTPAddress, _ expected: ExpectedContent
    ) -> CandidateCourse.Outcome {
        let answer = "\(url): the server answered \(status.code) \(quoted(status.reasonPhrase))"
        switch reading {
        case .missing:
            return .refused(ImageInputsError(.notFound, answer))
        case .busy(let retryAfter):
            return .busy(ImageInputsError(.busy, answer, hint: "try again later"), retryAfter: retryAfter)
        case .unresumable(let what):
            return .unresumable(
                ImageInputsError(.rejected, "\(url): the server cannot resume the download: \(quoted(what))"))
        case .wrongLength(let length):
            let message = "\(url): the server announces \(length) bytes instead of \(Self.text(expected))"
            return .refused(ImageInputsError(.corrupt, message, hint: "use another mirror"))
        default:
            let hint =
                status.code == 407 ? "the proxy requires a login: write it as http://user:password@host:port" : nil
            return .refused(ImageInputsError(.rejected, answer, hint: hint))
        }
    }

    private static func text(_ expected: ExpectedContent) -> String {
        switch expected {
        case .exactly(_, let size): "\(size)"
        case .upTo(let limit): "at most \(limit)"
        }
    }
}
