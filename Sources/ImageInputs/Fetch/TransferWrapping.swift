import HTTPTransfer

extension ImageInputsError {
    private static let networkHint = """
        check the network; set IMAGEBUILD_DEBIAN_MIRROR to use another mirror of Debian, IMAGEBUILD_MIRRORS for one of \
        anything else, HTTP_PROXY and HTTPS_PROXY for a proxy
        """

    init(_ error: HTTPTransferError) {
        let code: Code =
            switch error.code {
            case .invalidAddress: .invalidAddress
            case .unconnected, .interrupted: .unreachable
            case .stalled: .timedOut
            case .unsafe, .untrusted, .proxyRefused, .unreadable: .rejected
            }
        let isNetwork = code == .unreachable || code == .timedOut
        self.init(code, error.message, hint: isNetwork ? Self.networkHint : error.hint, cause: error.cause)
    }
}

/// Runs `body` and converts a transfer's error to this module's.
func asInput<Result>(_ body: () throws(HTTPTransferError) -> Result) throws(ImageInputsError) -> Result {
    do throws(HTTPTransferError) { return try body() } catch { throw ImageInputsError(error) }
}

extension CandidateCourse.Outcome {
    init(_ error: HTTPTransferError) {
        let wrapped = ImageInputsError(error)
        switch error.code {
        case .unconnected: self = .unconnected(wrapped)
        case .stalled: self = .silent(wrapped)
        case .interrupted: self = .interrupted(wrapped)
        case .invalidAddress, .unsafe, .untrusted, .proxyRefused, .unreadable: self = .refused(wrapped)
        }
    }
}
