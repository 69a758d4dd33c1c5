import OCIRegistry
import Testing

@Suite struct AccessScopeTests {
    @Test func `a scope is written as the protocol requires`() {
        #expect(AccessScope("library/busybox", .pull, .push).description == "repository:library/busybox:pull,push")
    }
}
