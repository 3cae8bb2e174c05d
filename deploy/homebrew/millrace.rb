# A formula for a tap. The release script writes version and checksum of the npm tarball.
class Millrace < Formula
  desc "Self-hosted server that speaks the Amazon Kinesis Data Streams API"
  homepage "https://millrace.example"
  url "https://millrace.example/releases/millrace-0.1.0.tgz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink Dir["#{libexec}/bin/*"]
  end

  service do
    run [opt_bin/"millrace", "serve"]
    working_dir var/"millrace"
    keep_alive true
    log_path var/"log/millrace.log"
    error_log_path var/"log/millrace.log"
  end

  test do
    port = free_port
    pid = spawn bin/"millrace", "serve", "--engine", "memory", "--port", port.to_s
    begin
      assert_match "ready", shell_output("curl --silent --retry 20 --retry-connrefused http://127.0.0.1:#{port}/health")
    ensure
      Process.kill "TERM", pid
      Process.wait pid
    end
  end
end
