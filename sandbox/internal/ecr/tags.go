package ecr

import (
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/state"
	"github.com/pullpass/pullpass/sandbox/internal/wire"
)

func (s *service) tagOperations() []api.Operation {
	return []api.Operation{read(s, "ListTagsForResource", listTagsForResource)}
}

// tagShape is a tag, which ECR spells with capitals.
type tagShape struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

// listTagsForResourceInput names a repository by its ARN.
type listTagsForResourceInput struct {
	ResourceARN string `json:"resourceArn"`
}

// ref turns the ARN into what the other inputs have. An ARN of something else gives a name that no repository has, and
// so does one of another Region, in which this endpoint knows nothing.
func (in *listTagsForResourceInput) ref() *repositoryRef {
	name, err := arn.Parse(in.ResourceARN)
	if err != nil || name.Service != "ecr" || name.Kind() != "repository" {
		return &repositoryRef{}
	}
	return &repositoryRef{RegistryID: name.Account, RepositoryName: name.Name()}
}

type listTagsForResourceOutput struct {
	Tags wire.List[tagShape] `json:"tags"`
}

func listTagsForResource(
	_ *api.Call, repository *state.Repository, in *listTagsForResourceInput,
) (*listTagsForResourceOutput, error) {
	if repository.ARN().String() != in.ResourceARN {
		return nil, invalid("resourceArn", "Invalid ARN")
	}
	out := &listTagsForResourceOutput{}
	for _, tag := range repository.Tags.List() {
		out.Tags = append(out.Tags, tagShape{tag.Key, tag.Value})
	}
	return out, nil
}

func stateTags(tags []tagShape) []state.Tag {
	var out []state.Tag
	for _, tag := range tags {
		out = append(out, state.Tag{Key: tag.Key, Value: tag.Value})
	}
	return out
}

const mostTags = 50

// checkTags refuses two keys that differ by case alone, which ECR would take: condition keys do not tell them apart, so that
// a condition would look at one of the two.
func checkTags(tags []tagShape) error {
	if len(tags) > mostTags {
		return wire.Errorf("TooManyTagsException", "The list of tags on the repository is over the limit. The maximum "+
			"number of tags that can be applied to a repository is %d.", mostTags)
	}
	seen := map[string]bool{}
	for _, tag := range tags {
		key := strings.ToLower(tag.Key)
		if seen[key] || tag.Key == "" || len(tag.Key) > 128 || len(tag.Value) > 256 || strings.HasPrefix(tag.Key, "aws:") {
			return wire.Errorf("InvalidTagParameterException", "An invalid parameter has been specified. Tag keys can have "+
				"a maximum character length of 128 characters, and tag values can have a maximum length of 256 characters.")
		}
		seen[key] = true
	}
	return nil
}
