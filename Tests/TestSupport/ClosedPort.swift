#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A port on loopback that refuses every connection, and that nobody else gets meanwhile: bound, and never listened on.
package final class ClosedPort: Sendable {
    package let number: Int
    private let descriptor: CInt

    struct Failure: Error { var errno: CInt }

    package init() throws {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard descriptor >= 0, bound else { throw Failure(errno: errno) }
    }

    deinit { close(descriptor) }
}
