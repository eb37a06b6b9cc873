package doors

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"go.yaml.in/yaml/v3"

	"routeguide/server/lab/natstest"
)

const packaging = "../../../packaging/"

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(packaging + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// An image is what a Dockerfile says of how the program is run.
type image struct {
	env          map[string]string
	health       []string
	expose       []string
	user, copied string
}

func dockerfile(t *testing.T) (i image) {
	t.Helper()
	text := strings.ReplaceAll(string(read(t, "Dockerfile")), "\\\n", " ")
	i.env = map[string]string{}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "", "#", "#\tmake", "FROM", "ARG", "STOPSIGNAL":
		case "VOLUME":
			if rest != "/data" {
				t.Errorf("the volume is %s", rest)
			}
		case "COPY":
			i.copied = strings.Fields(rest)[0]
		case "ENV":
			for _, one := range strings.Fields(rest) {
				name, value, _ := strings.Cut(one, "=")
				i.env[name] = value
			}
		case "EXPOSE":
			i.expose = strings.Fields(rest)
		case "USER":
			i.user = rest
		case "HEALTHCHECK":
			i.health = regexp.MustCompile(`"[^"]*"`).FindAllString(rest, -1)
		case "ENTRYPOINT":
			if rest != `["/routeguide"]` {
				t.Errorf("the entry point is %s", rest)
			}
		default:
			t.Errorf("a line that this test does not know: %s", line)
		}
	}
	return i
}

// runAs starts the program in a process of its own with an environment and nothing else, as a container or systemd does: on
// free ports and with a directory of its own in place of those that are named, and with no other directory to write to.
func runAs(t *testing.T, env map[string]string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, out: newOutput()}
	cmd := exec.Command(self)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", p.out, p.out
	cmd.Env = []string{asProgram + "=1", "TMPDIR=/nonexistent"}
	for name, value := range env {
		switch {
		case strings.HasSuffix(name, "_ADDR"):
			value = "127.0.0.1:0"
		case name == "ROUTEGUIDE_DATA":
			value = filepath.Join(t.TempDir(), filepath.Base(value))
		}
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	p.grpc, p.http = p.addr("grpc"), p.addr("http")
	if env["ROUTEGUIDE_ADMIN_ADDR"] != "" {
		p.admin = p.addr("admin")
	}
	return p
}

// healthy runs what the image runs to see whether a program is.
func (i image) healthy(t *testing.T, p *program) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, quoted := range i.health[1:] {
		arg, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, arg)
	}
	ask := func(addr string) error {
		cmd := exec.CommandContext(t.Context(), self, args...)
		cmd.Env = []string{asProgram + "=1", "ROUTEGUIDE_HTTP_ADDR=" + addr}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := ask(strings.Replace(p.http, "127.0.0.1", "0.0.0.0", 1)); err != nil {
		t.Errorf("it is not healthy: %v", err)
	}
	if ask("127.0.0.1:"+freePort(t)) == nil {
		t.Error("what is not there is healthy")
	}
}

// The image runs as a stranger with a read-only root: the program that "make dist" makes, its addresses and its directory.
func TestImage(t *testing.T) {
	i := dockerfile(t)
	if id, err := strconv.Atoi(strings.SplitN(i.user, ":", 2)[0]); err != nil || id == 0 {
		t.Errorf("the user is %q: Kubernetes wants a number that is not 0", i.user)
	}
	makefile, err := os.ReadFile("../../../Makefile")
	if err != nil || !bytes.Contains(makefile, []byte("-o dist/routeguide-$$system-$$machine$$suffix")) || i.copied != "routeguide-${TARGETOS}-${TARGETARCH}" {
		t.Errorf("the image has %s, and make dist makes another: %v", i.copied, err)
	}
	if i.env["ROUTEGUIDE_HTTP_ADDR"] != "0.0.0.0:8080" || i.env["ROUTEGUIDE_GRPC_ADDR"] != "0.0.0.0:50051" || !slices.Equal(i.expose, []string{"8080", "50051"}) {
		t.Errorf("it listens at %v and exposes %v", i.env, i.expose)
	}
	p := runAs(t, i.env)
	i.healthy(t, p)
	if code, body := get(t, p.base()+"/v1/features/409146138/-746188906"); code != 200 || !strings.Contains(body, "Berkshire Valley") {
		t.Errorf("it answers %d %s", code, body)
	}
}

// The compose file's three processes share a cluster of the servers that it names.
func TestCompose(t *testing.T) {
	var file struct {
		Services map[string]struct {
			Image       string
			Environment map[string]string
			Command     []string
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			Configs     []struct{ Source string }
			Volumes     []string
			DependsOn   []string `yaml:"depends_on"`
		}
		Configs map[string]struct{ File string }
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(read(t, "compose.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	for name, s := range file.Services {
		for _, c := range s.Configs {
			read(t, file.Configs[c.Source].File)
		}
		for _, v := range s.Volumes {
			if volume, _, _ := strings.Cut(v, ":"); !hasKey(file.Volumes, volume) {
				t.Errorf("%s: there is no volume %s", name, volume)
			}
		}
		for _, other := range s.DependsOn {
			if !hasKey(file.Services, other) {
				t.Errorf("%s: there is no service %s", name, other)
			}
		}
	}
	cluster := natstest.Start(t)
	i := dockerfile(t)
	var all []*program
	for _, name := range []string{"routeguide-0", "routeguide-1", "routeguide-2"} {
		s := file.Services[name]
		if s.Image != "routeguide" || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.Command) > 0 {
			t.Fatalf("%s is %+v", name, s)
		}
		env := map[string]string{}
		for _, from := range []map[string]string{i.env, s.Environment} {
			for name, value := range from {
				env[name] = value
			}
		}
		env["ROUTEGUIDE_NATS_URL"] = instead(t, env["ROUTEGUIDE_NATS_URL"], cluster.URL())
		all = append(all, runAs(t, env))
	}
	for _, p := range all {
		i.healthy(t, p)
	}
	if err := (side{visitor{t, all[0], doors[0]}, pb(3, 4)}).chat(strings.Repeat("s", 22), "", "at one"); err != nil {
		t.Fatal(err)
	}
	if found := watchFrom(t, all[2], "", 1); found[0].Note.Message != "at one" {
		t.Errorf("another has %v", found)
	}
	_, metrics := get(t, "http://"+all[0].admin+"/metrics")
	for _, name := range regexp.MustCompile(`(?:grpc_server|routeguide)_[a-z_]+`).FindAllString(string(read(t, "alerts.yml")), -1) {
		if !strings.Contains(metrics, "\n"+name) && name != "routeguide_upstream_handled_total" { // there is no upstream
			t.Errorf("an alert is about %s, which is not measured", name)
		}
	}
	balancer, prometheus := string(read(t, "haproxy.cfg")), string(read(t, "prometheus.yml"))
	for name := range file.Services {
		if strings.HasPrefix(name, "routeguide-") && (!strings.Contains(balancer, " "+name+":8080") || !strings.Contains(balancer, " "+name+":50051") || !strings.Contains(prometheus, name+":9091")) {
			t.Errorf("the balancer or Prometheus does not know of %s", name)
		}
	}
}

// instead returns the addresses of a running cluster for those of a file, which must be the servers that the file has.
func instead(t *testing.T, named, running string) string {
	t.Helper()
	want := "nats://nats-0.nats:4222,nats://nats-1.nats:4222,nats://nats-2.nats:4222"
	if named != want {
		t.Errorf("the cluster is %s, want %s", named, want)
	}
	return running
}

func hasKey[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

// NATS reads the configuration as its servers would: they know one another, and sync each change.
func TestNATSConfiguration(t *testing.T) {
	t.Setenv("SERVER_NAME", "nats-1")
	o, err := server.ProcessConfigFile(packaging + "nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, r := range o.Routes {
		routes = append(routes, (&url.URL{Scheme: r.Scheme, Host: r.Host}).String())
	}
	want := []string{"nats://nats-0.nats:6222", "nats://nats-1.nats:6222", "nats://nats-2.nats:6222"}
	if o.ServerName != "nats-1" || !o.JetStream || !o.SyncAlways || o.StoreDir != "/data" || o.Cluster.Name != "routeguide" || !slices.Equal(routes, want) {
		t.Errorf("NATS reads %+v", o)
	}
}

// What Kubernetes is told fits to the image and to itself, and the probes ask for what the program answers.
func TestKubernetes(t *testing.T) {
	i := dockerfile(t)
	type probe struct {
		HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
	}
	type container struct {
		Image string
		Env   []struct{ Name, Value string }
		Ports []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		LivenessProbe   probe `yaml:"livenessProbe"`
		ReadinessProbe  probe `yaml:"readinessProbe"`
		StartupProbe    probe `yaml:"startupProbe"`
		SecurityContext struct {
			ReadOnly bool `yaml:"readOnlyRootFilesystem"`
		} `yaml:"securityContext"`
	}
	type object struct {
		Kind     string
		Metadata struct{ Name string }
		Data     map[string]string
		Spec     struct {
			Replicas int
			Selector any
			Ports    []struct {
				Name       string
				TargetPort string `yaml:"targetPort"`
			}
			Template struct {
				Metadata struct{ Labels map[string]string }
				Spec     struct{ Containers []container }
			}
		}
	}
	found := map[string]object{}
	decoder := yaml.NewDecoder(bytes.NewReader(read(t, "kubernetes.yaml")))
	for {
		var o object
		if err := decoder.Decode(&o); err != nil {
			if err.Error() == "EOF" {
				break
			}
			t.Fatal(err)
		}
		found[o.Kind+" "+o.Metadata.Name] = o
	}
	if len(found) != 7 {
		t.Errorf("there are %d objects", len(found))
	}
	withoutComment := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(read(t, "nats.conf")), "")
	if config := found["ConfigMap nats"].Data["nats.conf"]; config != withoutComment {
		t.Errorf("nats.conf is another one here:\n%s", config)
	}
	deployment := found["Deployment routeguide"]
	c := deployment.Spec.Template.Spec.Containers[0]
	if deployment.Spec.Replicas != 3 || !c.SecurityContext.ReadOnly {
		t.Errorf("the deployment is %+v", deployment)
	}
	named := map[string]bool{}
	for _, port := range c.Ports {
		named[port.Name] = slices.Contains(i.expose, strconv.Itoa(port.ContainerPort))
	}
	for _, port := range found["Service routeguide"].Spec.Ports {
		if !named[port.TargetPort] {
			t.Errorf("the service leads to %q, which the image does not expose", port.TargetPort)
		}
	}
	env := map[string]string{}
	for name, value := range i.env {
		env[name] = value
	}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	instead(t, env["ROUTEGUIDE_NATS_URL"], "")
	delete(env, "ROUTEGUIDE_NATS_URL") // TestCompose has it
	p := runAs(t, env)
	for _, probe := range []string{c.LivenessProbe.HTTPGet.Path, c.ReadinessProbe.HTTPGet.Path, c.StartupProbe.HTTPGet.Path} {
		if code, body := get(t, p.base()+probe); code != 200 || probe == "" {
			t.Errorf("%q is answered with %d, %d bytes", probe, code, len(body))
		}
	}
}

// The unit starts the program with what it says, and systemd has nothing against it.
func TestSystemdUnit(t *testing.T) {
	text := string(read(t, "routeguide.service"))
	env := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^Environment=(\w+)=(.*)$`).FindAllStringSubmatch(text, -1) {
		env[m[1]] = m[2]
	}
	if env["ROUTEGUIDE_DATA"] != "/var/lib/routeguide" || !strings.Contains(text, "\nStateDirectory=routeguide\n") {
		t.Errorf("the directory is %v", env)
	}
	env["ROUTEGUIDE_HTTP_ADDR"], env["ROUTEGUIDE_GRPC_ADDR"] = "127.0.0.1:8080", "127.0.0.1:50051"
	if code, _ := get(t, runAs(t, env).base()+"/readyz"); code != 200 {
		t.Errorf("it answers with %d", code)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd is not here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "routeguide.service")
	text = strings.Replace(text, "ExecStart=/usr/local/bin/routeguide", "ExecStart="+self, 1)
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", unit).CombinedOutput(); err != nil || bytes.Contains(out, []byte("routeguide.service")) {
		t.Errorf("systemd says: %v\n%s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=20", unit).CombinedOutput(); err != nil {
		t.Errorf("the sandbox is not tight: %v\n%s", err, out)
	}
}

// HAProxy, where it is installed, reads its configuration.
func TestBalancerConfiguration(t *testing.T) {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not here")
	}
	if out, err := exec.CommandContext(t.Context(), haproxy, "-c", "-f", packaging+"haproxy.cfg").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
