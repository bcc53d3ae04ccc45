package cluster

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/plan"
)

const material = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func config() credential.Config {
	return credential.Config{
		Region: "us-west-2", RoleARN: arn.IAM("111111111111", "role", "/", "curated-packages-role"), UserProfile: "curated-packages-user",
		Key: credential.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Secret: credential.NewSecret(material)},
	}
}

func rendered(t *testing.T) []byte {
	t.Helper()
	text, err := config().Render()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// delivered is a Secret as Write leaves it.
func delivered(t *testing.T) *corev1.Secret {
	t.Helper()
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Annotations:   Delivery{Share: "packages"}.annotations(rendered(t), config().Key.ID),
			ManagedFields: []metav1.ManagedFieldsEntry{record("pullpass", applies, 7, hasConf)},
		},
		Type: corev1.SecretTypeOpaque,
		Data: map[string][]byte{"AWS_ACCESS_KEY_ID": {}, "AWS_SECRET_ACCESS_KEY": {}, "REGION": {}, "config": rendered(t)},
	}
}

func TestWhatASecretSays(t *testing.T) {
	keys := credential.Config{Region: "us-west-2", Key: config().Key}
	more := func(s *corev1.Secret) {
		s.Data["config"] = append(s.Data["config"], "credential_process = /bin/sh -c id\n"...)
		s.Annotations = Delivery{Share: "packages"}.annotations(s.Data["config"], config().Key.ID)
	}
	twice := base64.StdEncoding.EncodeToString(rendered(t))
	for name, test := range map[string]struct {
		change   func(*corev1.Secret)
		workload bool
		want     plan.DeliveryState
		config   credential.Config
		complete bool
		err      string
	}{
		"as delivered":                       {func(*corev1.Secret) {}, false, plan.Held, config(), true, ""},
		"with another share's name":          {func(s *corev1.Secret) { s.Annotations[annotationShare] = "other" }, false, plan.Held, config(), false, ""},
		"with another digest":                {func(s *corev1.Secret) { s.Annotations[annotationDigest] = "" }, false, plan.Held, config(), false, ""},
		"with another key's id":              {func(s *corev1.Secret) { s.Annotations[annotationKey] = "" }, false, plan.Held, config(), false, ""},
		"without annotations, as a copy":     {func(s *corev1.Secret) { s.Annotations = nil }, true, plan.Held, config(), true, ""},
		"of another manager, as a copy":      {func(s *corev1.Secret) { s.ManagedFields[0].Manager = copier }, true, plan.Held, config(), true, ""},
		"with a line more, as a copy":        {more, true, plan.Held, config(), false, ""},
		"with a line more":                   {more, false, plan.Held, config(), false, ""},
		"of another manager":                 {func(s *corev1.Secret) { s.ManagedFields[0].Manager = "helm" }, false, plan.Held, config(), false, ""},
		"without one of the keys":            {func(s *corev1.Secret) { delete(s.Data, "REGION") }, false, plan.Held, config(), false, ""},
		"without one of the keys, as a copy": {func(s *corev1.Secret) { delete(s.Data, "REGION") }, true, plan.Held, config(), false, ""},
		"with empty keys alone":              {func(s *corev1.Secret) { delete(s.Data, "config") }, false, plan.None, credential.Config{}, false, ""},
		"with an empty config":               {func(s *corev1.Secret) { s.Data["config"] = nil }, false, plan.None, credential.Config{}, false, ""},
		"with a Region alone":                {func(s *corev1.Secret) { s.Data = map[string][]byte{"REGION": []byte("us-west-2")} }, false, plan.None, credential.Config{}, false, ""},
		"with an access key in its keys": {func(s *corev1.Secret) {
			s.Data = map[string][]byte{
				"AWS_ACCESS_KEY_ID": []byte("'AKIAIOSFODNN7EXAMPLE'\n"), "AWS_SECRET_ACCESS_KEY": []byte(material), "REGION": []byte("us-west-2\n"),
			}
		}, false, plan.Held, keys, false, ""},
		"with half an access key": {func(s *corev1.Secret) {
			s.Data = map[string][]byte{"AWS_ACCESS_KEY_ID": []byte("AKIAIOSFODNN7EXAMPLE")}
		}, false, plan.Unknown, credential.Config{}, false, "half an access key"},
		"with the halves of its key swapped": {func(s *corev1.Secret) {
			s.Data["config"] = []byte(strings.NewReplacer("AKIAIOSFODNN7EXAMPLE", material, material, "AKIAIOSFODNN7EXAMPLE").Replace(string(rendered(t))))
		}, false, plan.Unknown, credential.Config{}, false, "aws_access_key_id"},
		"with the halves of an access key in its keys swapped": {func(s *corev1.Secret) {
			s.Data = map[string][]byte{"AWS_ACCESS_KEY_ID": []byte(material), "AWS_SECRET_ACCESS_KEY": []byte("AKIAIOSFODNN7EXAMPLE")}
		}, false, plan.Unknown, credential.Config{}, false, "AWS_ACCESS_KEY_ID is not the id"},
		"with a config encoded twice": {func(s *corev1.Secret) { s.Data["config"] = []byte(twice) }, false, plan.Unknown, credential.Config{}, false, "encoded twice"},
		"with a config without the word profile": {func(s *corev1.Secret) {
			s.Data["config"] = []byte(strings.Replace(string(rendered(t)), "[profile ", "[", 1))
		}, false, plan.Unknown, credential.Config{}, false, "without the word profile"},
		"with blanks for a config": {func(s *corev1.Secret) { s.Data["config"] = []byte("\n") }, false, plan.Unknown, credential.Config{}, false, "pullpass lint"},
	} {
		t.Run(name, func(t *testing.T) {
			secret := delivered(t)
			test.change(secret)
			f, err := find(secret)
			if err != nil {
				t.Fatal(err)
			}
			got := Delivery{Cluster: &Cluster{name: "context c"}, Share: "packages", Workload: test.workload}.judge(f)
			if got.State != test.want || got.Complete != test.complete || !got.Config.Equal(test.config) {
				t.Errorf("state %d, complete %t, key %q", got.State, got.Complete, got.Config.Key.ID)
			}
			if (got.Err != nil) != (test.err != "") || got.Err != nil && !strings.Contains(got.Err.Error(), test.err) {
				t.Errorf("error %v, want %q", got.Err, test.err)
			}
			if got.Err != nil && (!errors.Is(got.Err, errUndecodable) || strings.Contains(got.Err.Error(), material[:8])) {
				t.Errorf("error %v", got.Err)
			}
		})
	}
}

func TestAConfigWithoutARecordIsAConflict(t *testing.T) {
	secret := delivered(t)
	secret.ManagedFields = nil
	f, err := find(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := (Delivery{}).mayWrite(f); !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), unrecorded) {
		t.Errorf("got %v", err)
	}
	if err := (Delivery{Force: true}).mayWrite(f); err != nil {
		t.Errorf("forced: %v", err)
	}
}

func TestWhatCanNeverBeWritten(t *testing.T) {
	yes := true
	for name, test := range map[string]struct {
		change func(*corev1.Secret)
		want   string
	}{
		"as delivered":                        {func(*corev1.Secret) {}, ""},
		"immutable":                           {func(s *corev1.Secret) { s.Immutable = &yes }, ErrImmutable.Error()},
		"of another type":                     {func(s *corev1.Secret) { s.Type = corev1.SecretTypeTLS }, "not a Secret of type Opaque but kubernetes.io/tls"},
		"immutable, and without a credential": {func(s *corev1.Secret) { s.Immutable, s.Data = &yes, nil }, ErrImmutable.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			secret := delivered(t)
			test.change(secret)
			f, err := find(secret)
			if err != nil {
				t.Fatal(err)
			}
			if got := (Delivery{Share: "packages"}).judge(f).Cluster.Refuses; got != test.want {
				t.Errorf("refuses %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatIsApplied(t *testing.T) {
	const three = `{"f:data":{"f:AWS_ACCESS_KEY_ID":{},"f:AWS_SECRET_ACCESS_KEY":{},"f:REGION":{}}}`
	for name, test := range map[string]struct {
		change func(*corev1.Secret)
		want   string // the keys' initials
	}{
		"keys that are missing are made": {func(s *corev1.Secret) { s.Data = nil }, "id secret region"},
		"keys of others are left out":    {func(*corev1.Secret) {}, ""},
		"keys of ours are kept": {func(s *corev1.Secret) {
			s.ManagedFields = append(s.ManagedFields, record("pullpass", applies, 1, three))
		}, "id secret region"},
		"keys that we share are kept": {func(s *corev1.Secret) {
			s.ManagedFields = append(s.ManagedFields, record("helm", updates, 1, three), record("pullpass", applies, 1, three))
		}, "id secret region"},
		"what is missing is made beside what others have": {func(s *corev1.Secret) {
			s.ManagedFields = append(s.ManagedFields, record("helm", updates, 1, three))
			delete(s.Data, "REGION")
		}, "region"},
	} {
		t.Run(name, func(t *testing.T) {
			secret := delivered(t)
			secret.ResourceVersion = "42"
			test.change(secret)
			f, err := find(secret)
			if err != nil {
				t.Fatal(err)
			}
			body, forced := Delivery{Share: "packages"}.intent(f, rendered(t), awsid.AccessKeyID("AKIAIOSFODNN7EXAMPLE"))
			var got []string
			for _, key := range []struct{ name, short string }{
				{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "secret"}, {"REGION", "region"},
			} {
				if value, there := body.Data[key.name]; there && len(value) == 0 {
					got = append(got, key.short)
				}
			}
			if strings.Join(got, " ") != test.want || len(body.Data) != len(got)+1 {
				t.Errorf("applied %v of %d keys, want %q", got, len(body.Data), test.want)
			}
			if !forced || body.Metadata.ResourceVersion != "42" || string(body.Data["config"]) != string(rendered(t)) {
				t.Errorf("forced %t, resource version %q", forced, body.Metadata.ResourceVersion)
			}
		})
	}
	if body, forced := (Delivery{}).intent(nil, rendered(t), ""); forced || body.Metadata.ResourceVersion != "" || len(body.Data) != 4 {
		t.Errorf("a new Secret is forced: %t, %d keys", forced, len(body.Data))
	}
}

func TestWrittenIsTheConfigsTime(t *testing.T) {
	secret := delivered(t)
	created := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	secret.CreationTimestamp = metav1.NewTime(created)
	f, err := find(secret)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.written(); got.Minute() != 7 {
		t.Errorf("written at %v", got)
	}
	f.config[0].written = time.Time{}
	if got := f.written(); !got.Equal(created) {
		t.Errorf("written at %v without a record", got)
	}
}

// However a config is damaged, an error says so without showing what it holds.
func FuzzDecode(f *testing.F) {
	text, err := config().Render()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(base64.StdEncoding.EncodeToString(text)))
	f.Add([]byte("[default]\nregion = " + material))
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := decode(src)
		if err == nil && (got.Key.ID == "" || got.Key.Secret.IsZero()) {
			t.Errorf("%q was taken for a credential", src)
		}
		if err != nil && !errors.Is(err, errUndecodable) {
			t.Errorf("error %v", err)
		}
	})
}
