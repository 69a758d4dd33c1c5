package import HTTPTypes

/// The reason why the registry refuses a request or cannot be started.
package struct RegistryServerError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a client can act on (distribution-spec, "Error Codes").
    package enum Code: String, Hashable, Sendable {
        case blobUnknown = "BLOB_UNKNOWN"
        case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
        case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
        case denied = "DENIED"
        case digestInvalid = "DIGEST_INVALID"
        case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
        case manifestInvalid = "MANIFEST_INVALID"
        case manifestUnknown = "MANIFEST_UNKNOWN"
        case nameInvalid = "NAME_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case pageInvalid = "PAGINATION_NUMBER_INVALID"
        case sizeInvalid = "SIZE_INVALID"
        case tooManyRequests = "TOOMANYREQUESTS"
        case unauthorized = "UNAUTHORIZED"
        /// The registry has too much to do at the moment.
        case unavailable = "UNAVAILABLE"
        case unsupported = "UNSUPPORTED"
        /// The disk failed, or there is a defect.
        case unknown = "UNKNOWN"
        /// The registry cannot start: an address is taken, or a certificate cannot be read.
        case cannotStart = "CANNOT_START"
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop.
    package var message: String
    package var hint: String?
    package var status: HTTPResponse.Status
    /// Headers to send with the answer: the challenge, or the position of an upload.
    package var headers: HTTPFields = [:]

    package init(_ code: Code, _ message: String, hint: String? = nil, status: HTTPResponse.Status? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status ?? Self.status(of: code)
    }

    /// Creates the refusal of what the client may try again after so many seconds.
    init(_ code: Code, _ message: String, retryAfter seconds: Int) {
        self.init(code, message)
        headers[.retryAfter] = String(seconds)
    }

    package var description: String { message }

    private static func status(of code: Code) -> HTTPResponse.Status {
        switch code {
        case .blobUnknown, .blobUploadUnknown, .manifestUnknown, .nameUnknown: .notFound
        case .denied: .forbidden
        case .unauthorized: .unauthorized
        case .tooManyRequests: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .unsupported: .methodNotAllowed
        case .unknown, .cannotStart: .internalServerError
        default: .badRequest
        }
    }
}
