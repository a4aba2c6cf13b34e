import NIOCore
import NIOSSL
import ZorBADiagnostics

/// The TLS contexts of both sides: version 1.3, certificates on both sides, HTTP/2.
///
/// Names of hosts play no part: the certificate's identity is judged, wherever its holder runs.
enum TLSContexts {
  static func server(_ security: ConnectionSecurity) throws -> NIOSSLContext {
    let own = try Own(security)
    return try own.context(
      .makeServerConfigurationWithMTLS(
        certificateChain: own.chain, privateKey: own.key,
        trustRoots: .certificates([own.authority])))
  }

  static func client(_ security: ConnectionSecurity) throws -> NIOSSLContext {
    let own = try Own(security)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateChain = own.chain
    configuration.privateKey = own.key
    configuration.trustRoots = .certificates([own.authority])
    configuration.certificateVerification = .noHostnameVerification
    return try own.context(configuration)
  }

  /// The check of a peer's chain in the handshake.
  static func verification(_ security: ConnectionSecurity) -> NIOSSLCustomVerificationCallback {
    { certificates, promise in
      let chain = try? certificates.map { try $0.toDERBytes() }
      let isGood = chain.map { !$0.isEmpty && security.verifyChain($0) } ?? false
      promise.succeed(isGood ? .certificateVerified : .failed)
    }
  }

  private struct Own {
    var chain: [NIOSSLCertificateSource]
    var key: NIOSSLPrivateKeySource
    var authority: NIOSSLCertificate

    init(_ security: ConnectionSecurity) throws {
      do {
        chain = try security.chain.map {
          .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
        }
        key = .privateKey(try NIOSSLPrivateKey(bytes: Array(security.key.utf8), format: .pem))
        authority = try NIOSSLCertificate(bytes: security.authority, format: .der)
      } catch {
        throw Own.unusable(error)
      }
    }

    func context(_ configuration: TLSConfiguration) throws -> NIOSSLContext {
      var configuration = configuration
      configuration.minimumTLSVersion = .tlsv13
      configuration.applicationProtocols = ["h2"]
      configuration.shutdownTimeout = .seconds(2)
      do {
        return try NIOSSLContext(configuration: configuration)
      } catch {
        throw Own.unusable(error)
      }
    }

    private static func unusable(_ cause: any Error) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, "TLS cannot use the own certificate and key",
        advice: "Check that the certificate belongs to the key.", cause: cause)
    }
  }
}
